import type { Clock, Millis } from '@sideband/shared/clock';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, JobKey, SystemId } from '@sideband/shared/names';
import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { ResultOf } from '@sideband/shared/queues/define';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { LookUpConfiguredImages } from './configured-images.ts';
import type { JobLedger } from './ledger.ts';
import type { Place, Places } from './place.ts';
import type { TraceHead } from './trace-reader.ts';
import { runsInCluster } from './uses.ts';

export interface ResolverParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly evidence: EvidenceStore;
  readonly places: Places;
  readonly ledger: JobLedger;
  readonly configuredImages: LookUpConfiguredImages;
  readonly clock: Clock;
  readonly log: Log;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told once of each event that was dealt with. */
  readonly onResolved?: (outcome: string) => void;
  /**
   * `use`: from a job's end to its use in the evidence; `lease`: from its start to its leases. By GitLab's times and
   * our clock; jobs that no hook told of are among them.
   */
  readonly onLatency?: (what: 'use' | 'lease', milliseconds: number) => void;
}

/** Something was heard of a job. */
export interface Hint {
  readonly key: JobKey;
  readonly gitlab: GitLab;
  readonly receivedAt: Millis;
  /** What GitLab does not have yet may still come: the event will be tried again. */
  readonly mayLag: boolean;
}

export type JobFacts = Pick<
  GitLabJob,
  'name' | 'createdAt' | 'startedAt' | 'finishedAt' | 'runner' | 'systemId'
>;

/** A job as the event has it, or GitLab itself. */
export interface HeardJob extends Hint {
  readonly job: JobFacts;
  /** GitLab itself says so of the job, asked for it or in a list. A hook says what a maintainer wants. */
  readonly confirmed: boolean;
}

/** A job as GitLab has it now. */
export interface AskedJob extends HeardJob {
  readonly job: GitLabJob;
}

export type Resolved = ResultOf<(typeof resolveQueue.jobs)['job-event']>;

/** Where a job is, and its manager, under which its uses wait while no host is known. */
export interface Placement extends Place {
  readonly manager: SystemId | undefined;
}

export const NOWHERE: Placement = { manager: undefined, hosts: [], possible: [], seen: false };

export async function findPlace(
  { places }: ResolverParts,
  { key, gitlab }: HeardJob,
  manager: SystemId | undefined,
  instance?: string,
): Promise<Placement> {
  const claim = { gitlab: gitlab.host, project: key.project, job: key.job };
  return { manager, ...(await places.placeOf(claim, { manager, instance })) };
}

/** With an executor that uses no engine of ours there is nothing to ask for. */
export async function findTracePlace(
  parts: ResolverParts,
  heard: HeardJob,
  head: TraceHead,
  told = heard.job.systemId,
): Promise<Placement> {
  const manager = told ?? head.systemId;
  if (runsInCluster(head)) return { ...NOWHERE, manager };
  return await findPlace(parts, heard, manager, head.instance);
}

export function isAsked(heard: HeardJob): heard is AskedJob {
  return 'phase' in heard.job;
}

export function nothingDone(outcome: string): Resolved {
  return { outcome, uses: 0, hosts: [] };
}

/** By two machines' clocks, so that a moment ago may be in the future. */
export function noteLatency({ onLatency, clock }: ResolverParts, what: 'use' | 'lease', since: Millis): void {
  onLatency?.(what, Math.max(0, clock.now() - since));
}

/** GitLab's clock may be ahead of ours, but what has happened has happened before we heard of it. */
export function startOf({ job, receivedAt }: HeardJob): Millis {
  return Math.min(job.startedAt ?? receivedAt, receivedAt) as Millis;
}

export function endOf(heard: HeardJob): Millis {
  return Math.min(heard.job.finishedAt ?? startOf(heard), heard.receivedAt) as Millis;
}

export function createdOf({ job, receivedAt }: HeardJob): Millis {
  return Math.min(job.createdAt, receivedAt) as Millis;
}

import type { Clock, Millis } from '@sideband/shared/clock';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, JobKey, SystemId } from '@sideband/shared/names';
import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { ResultOf } from '@sideband/shared/queues/define';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { JobLedger } from './ledger.ts';
import type { Place, Places } from './place.ts';

export interface ResolverParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly evidence: EvidenceStore;
  readonly places: Places;
  readonly ledger: JobLedger;
  readonly clock: Clock;
  readonly log: Log;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** A job as GitLab has it now, and when we first heard of what is being resolved. */
export interface HeardJob {
  readonly key: JobKey;
  readonly gitlab: GitLab;
  readonly job: GitLabJob;
  readonly receivedAt: Millis;
  /** What GitLab does not have yet may still come: the event will be tried again. */
  readonly mayLag: boolean;
}

export type Resolved = ResultOf<(typeof resolveQueue.jobs)['job-event']>;

/** Where a job is, and its manager, under which its uses wait while no host is known. */
export interface Placement extends Place {
  readonly manager: SystemId | undefined;
}

export async function findPlace(
  { places }: ResolverParts,
  { key, gitlab }: HeardJob,
  manager: SystemId | undefined,
): Promise<Placement> {
  const claim = { gitlab: gitlab.host, project: key.project, job: key.job };
  return { manager, ...(await places.placeOf(claim, manager)) };
}

export function nothingDone(outcome: string): Resolved {
  return { outcome, uses: 0, hosts: [] };
}

/** GitLab's clock may be ahead of ours, but what has happened has happened before we heard of it. */
export function startOf({ job, receivedAt }: HeardJob): Millis {
  return Math.min(job.startedAt ?? receivedAt, receivedAt) as Millis;
}

export function endOf(heard: HeardJob): Millis {
  return Math.min(heard.job.finishedAt ?? startOf(heard), heard.receivedAt) as Millis;
}

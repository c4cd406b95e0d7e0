import type { Millis } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostRecords, Registration } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { reconcileQueue } from '@sideband/shared/queues/catalogue';
import type { Handlers, ResultOf } from '@sideband/shared/queues/define';
import type { GitLab } from '../gitlab/port.ts';
import { hostsByManager } from '../resolve/place.ts';
import { createFeeder } from './feeder.ts';
import type { GoneHosts } from './gone-hosts.ts';
import { notifyHosts } from './notify-hosts.ts';
import { type PollParts, pollProject } from './poll-project.ts';
import { createProgress } from './progress.ts';

export interface ReconcilerParts extends PollParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly evidence: Pick<EvidenceStore, 'unpark' | 'markFed'>;
  readonly records: Pick<HostRecords, 'registrations' | 'notify' | 'notice'>;
  readonly goneHosts: GoneHosts;
  /** When the oldest job was heard of that is still to be looked up; undefined: none is. */
  readonly unresolvedSince: () => Promise<Millis | undefined>;
  readonly log: Log;
}

type Polled = ResultOf<(typeof reconcileQueue.jobs)['poll']>;

interface Counts {
  readonly projects: number;
  readonly jobs: number;
  readonly missed: number;
}

interface InstancePoll {
  readonly counts: Counts;
  /** Every project answered; one that is refused to us, or gone, has nothing to tell. */
  readonly isWhole: boolean;
}

/** A GitLab that did not answer for so many projects in a row is down; each of the others would cost a time-out. */
const GIVE_UP_AFTER = 3;

/**
 * The worker of the reconcile queue: finds what hooks did not say, brings parked uses to hosts that have registered
 * since, and tells the hosts how far GitLab was asked and what they share. A project that fails does not stop the
 * others. `GITLAB_RATE_LIMITED` stops the poll: the queue waits as long as GitLab asked, and the next poll begins
 * with the project where this one was stopped.
 */
export function createReconciler(parts: ReconcilerParts): Handlers<typeof reconcileQueue.jobs> {
  const { gitlabs, evidence, records, goneHosts, clock, log } = parts;
  const feeder = createFeeder(evidence, gitlabs);
  const progress = createProgress();
  /** Where a poll was stopped, so that projects at the end of the list are not starved. */
  const stoppedAt = new Map<InstanceName, ProjectId>();

  async function poll(): Promise<Polled> {
    const begunAt = clock.now();
    const registrations = await records.registrations();
    const hosts = registrations.map(({ host }) => host);
    const unparked = await unpark(evidence, registrations);
    await feeder.tellNewcomers(hosts);
    await notifyHosts(records, registrations, log);
    // Evidence comes before tidiness.
    await goneHosts
      .sweep(hosts)
      .catch((err) => log.warn({ err }, 'Hosts that are gone could not be removed'));

    const polls: InstancePoll[] = [];
    for (const gitlab of gitlabs.values()) polls.push(await pollInstance(parts, gitlab, stoppedAt));
    if (polls.every(({ isWhole }) => isWhole)) progress.polled(begunAt, clock.now());
    const doneUpTo = progress.doneUpTo(await parts.unresolvedSince());
    if (doneUpTo !== undefined) await feeder.tellAll(hosts, doneUpTo);

    const result = { ...sum(polls.map(({ counts }) => counts)), unparked };
    if (result.missed > 0 || unparked > 0) log.info(result, 'Poll found what hooks did not say');
    return result;
  }

  return { poll };
}

function sum(all: readonly Counts[]): Counts {
  const total = { projects: 0, jobs: 0, missed: 0 };
  for (const { projects, jobs, missed } of all) {
    total.projects += projects;
    total.jobs += jobs;
    total.missed += missed;
  }
  return total;
}

async function unpark(
  evidence: Pick<EvidenceStore, 'unpark'>,
  registrations: readonly Registration[],
): Promise<number> {
  let unparked = 0;
  for (const [manager, hosts] of hostsByManager(registrations)) {
    unparked += await evidence.unpark(manager, hosts);
  }
  return unparked;
}

async function pollInstance(
  parts: ReconcilerParts,
  gitlab: GitLab,
  stoppedAt: Map<InstanceName, ProjectId>,
): Promise<InstancePoll> {
  const { instance } = gitlab;
  const counts = { projects: 0, jobs: 0, missed: 0 };
  const projects = await listProjects(parts, gitlab, stoppedAt.get(instance));
  let isWhole = projects !== undefined;
  let silent = 0;
  for (const project of projects ?? []) {
    try {
      const polled = await pollProject(parts, gitlab, project);
      counts.projects += 1;
      counts.jobs += polled.jobs;
      counts.missed += polled.missed;
      silent = 0;
    } catch (error) {
      if (!isGitLabsFailure(error)) throw error;
      parts.log.warn({ instance, project, err: error }, 'Project could not be polled');
      if (isSidebandError(error, 'GITLAB_RATE_LIMITED')) {
        stoppedAt.set(instance, project);
        throw error;
      }
      const isSilent = isSidebandError(error, 'GITLAB_UNAVAILABLE');
      isWhole &&= !isSilent;
      silent = isSilent ? silent + 1 : 0;
      if (silent < GIVE_UP_AFTER) continue;
      // The next poll begins here: a few large projects that always time out must not keep the others waiting.
      stoppedAt.set(instance, project);
      parts.log.warn({ instance }, 'GitLab does not answer: the poll goes on with the next one');
      return { counts, isWhole };
    }
  }
  stoppedAt.delete(instance);
  return { counts, isWhole };
}

/** By id, but first the one where the last poll was stopped and those after it. Undefined: they cannot be listed. */
async function listProjects(
  { log }: ReconcilerParts,
  gitlab: GitLab,
  first: ProjectId | undefined,
): Promise<readonly ProjectId[] | undefined> {
  const projects: ProjectId[] = [];
  try {
    for await (const project of gitlab.projects()) projects.push(project);
  } catch (error) {
    if (!isGitLabsFailure(error) || isSidebandError(error, 'GITLAB_RATE_LIMITED')) throw error;
    log.warn({ instance: gitlab.instance, err: error }, 'Projects could not be listed');
    return undefined;
  }
  if (first === undefined) return projects;
  return [...projects.filter((id) => id >= first), ...projects.filter((id) => id < first)];
}

function isGitLabsFailure(error: unknown): boolean {
  return isSidebandError(error) && error.code.startsWith('GITLAB_');
}

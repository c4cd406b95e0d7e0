import { isSidebandError } from '@sideband/shared/errors';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { reconcileQueue } from '@sideband/shared/queues/catalogue';
import type { Handlers, ResultOf } from '@sideband/shared/queues/define';
import type { GitLab } from '../gitlab/port.ts';
import { hostsByManager } from '../resolve/place.ts';
import { type PollParts, pollProject } from './poll-project.ts';

export interface ReconcilerParts extends PollParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly evidence: Pick<EvidenceStore, 'unpark'>;
  readonly records: Pick<HostRecords, 'registrations'>;
  readonly log: Log;
}

type Polled = ResultOf<(typeof reconcileQueue.jobs)['poll']>;

/** A GitLab that did not answer for so many projects in a row is down; each of the others would cost a time-out. */
const GIVE_UP_AFTER = 3;

/**
 * The worker of the reconcile queue: finds what hooks did not say, and brings parked uses to hosts that have
 * registered since. A project that fails does not stop the others. `GITLAB_RATE_LIMITED` stops the poll: the
 * queue waits as long as GitLab asked, and the next poll begins with the project where this one was stopped.
 */
export function createReconciler(parts: ReconcilerParts): Handlers<typeof reconcileQueue.jobs> {
  /** Where a poll was stopped, so that projects at the end of the list are not starved. */
  const stoppedAt = new Map<InstanceName, ProjectId>();

  async function poll(): Promise<Polled> {
    const unparked = await unpark(parts);
    let counts = { projects: 0, jobs: 0, missed: 0 };
    for (const gitlab of parts.gitlabs.values()) {
      const polled = await pollInstance(parts, gitlab, stoppedAt);
      counts = {
        projects: counts.projects + polled.projects,
        jobs: counts.jobs + polled.jobs,
        missed: counts.missed + polled.missed,
      };
    }
    const result = { ...counts, unparked };
    if (result.missed > 0 || unparked > 0) parts.log.info(result, 'Poll found what hooks did not say');
    return result;
  }

  return { poll };
}

async function unpark({ evidence, records, log }: ReconcilerParts): Promise<number> {
  let unparked = 0;
  for (const [manager, hosts] of hostsByManager(await records.registrations())) {
    unparked += await evidence.unpark(manager, hosts);
    if (hosts.length > 1)
      log.debug({ manager, hosts }, 'Hosts share a runner manager; each gets all its uses');
  }
  return unparked;
}

async function pollInstance(
  parts: ReconcilerParts,
  gitlab: GitLab,
  stoppedAt: Map<InstanceName, ProjectId>,
): Promise<Omit<Polled, 'unparked'>> {
  const { instance } = gitlab;
  const counts = { projects: 0, jobs: 0, missed: 0 };
  let silent = 0;
  for (const project of await listProjects(parts, gitlab, stoppedAt.get(instance))) {
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
      silent = isSidebandError(error, 'GITLAB_UNAVAILABLE') ? silent + 1 : 0;
      if (silent < GIVE_UP_AFTER) continue;
      // The next poll begins here: a few large projects that always time out must not keep the others waiting.
      stoppedAt.set(instance, project);
      parts.log.warn({ instance }, 'GitLab does not answer: the poll goes on with the next one');
      return counts;
    }
  }
  stoppedAt.delete(instance);
  return counts;
}

/** By id, but first the one where the last poll was stopped and those after it. */
async function listProjects(
  { log }: ReconcilerParts,
  gitlab: GitLab,
  first: ProjectId | undefined,
): Promise<readonly ProjectId[]> {
  const projects: ProjectId[] = [];
  try {
    for await (const project of gitlab.projects()) projects.push(project);
  } catch (error) {
    if (!isGitLabsFailure(error) || isSidebandError(error, 'GITLAB_RATE_LIMITED')) throw error;
    log.warn({ instance: gitlab.instance, err: error }, 'Projects could not be listed');
    return [];
  }
  if (first === undefined) return projects;
  return [...projects.filter((id) => id >= first), ...projects.filter((id) => id < first)];
}

function isGitLabsFailure(error: unknown): boolean {
  return isSidebandError(error) && error.code.startsWith('GITLAB_');
}

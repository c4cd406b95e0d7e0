import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { GitLab } from '../gitlab/port.ts';
import { isGitLabsFailure } from './gitlabs-failure.ts';
import type { Leisure, Wait } from './leisure.ts';
import { type ListParts, listProjects } from './list-projects.ts';
import { type PollParts, pollProject } from './poll-project.ts';
import type { InstanceRound } from './round.ts';

export interface InstanceParts extends PollParts, ListParts {
  readonly memory: PollParts['memory'];
  /** How many events of a GitLab wait to be looked up, those of the back-fill aside. */
  readonly waiting: (instance: InstanceName) => Promise<number>;
  readonly wait: Wait;
}

export interface InstanceCounts {
  readonly projects: number;
  readonly jobs: number;
  readonly missed: number;
}

export interface InstancePoll {
  readonly counts: InstanceCounts;
  /**
   * Every project answered, and what polls found has been looked up. One that is refused to us, or gone, has nothing
   * to tell.
   */
  readonly isWhole: boolean;
}

export interface Pace {
  readonly leisure: Leisure;
  /** As long as the projects may take, if there is leisure. */
  readonly spanMs: number;
}

/** A GitLab that did not answer for so many projects in a row is down; each of the others would cost a time-out. */
const GIVE_UP_AFTER = 3;
/** At most so long from one project to the next. */
const APART_MS = 2_000;
/**
 * What polls find after a long absence must not fill the queue so far that hooks are refused: while more events than
 * this wait (10 MB in Redis), the poll waits too.
 */
const ROOM = 10_000;
const LOOK_AGAIN_MS = 5_000;
/** In all. Longer than this the poll waits in its own queue: polls of other GitLabs may come between. */
const LONGEST_WAIT_MS = 5 * 60_000;
const COME_BACK_MS = 60_000;
/** One or two traces that cannot be read must not keep all evidence stale; more than these are an outage. */
const OVERDUE = 20;

/**
 * Polls the projects of one GitLab, those first that an earlier poll did not come to. One that fails does not stop the
 * others. Throws `GITLAB_RATE_LIMITED`, also where too many events wait for too long, `REDIS_UNAVAILABLE` and the
 * signal's reason.
 */
export async function pollInstance(
  parts: InstanceParts,
  gitlab: GitLab,
  round: InstanceRound,
  pace: Pace,
): Promise<InstancePoll> {
  const { clock, log } = parts;
  const { instance } = gitlab;
  const counts = { projects: 0, jobs: 0, missed: 0 };
  const list = await listProjects(parts, gitlab, round.runners);
  const projects = round.order(list.projects);
  const apartMs = Math.min(APART_MS, pace.spanMs / Math.max(1, projects.length));
  const begunAt = clock.now();
  let { isWhole } = list;
  let silent = 0;
  let waitedMs = 0;

  async function poll(project: ProjectId): Promise<void> {
    try {
      const polled = await pollProject(parts, gitlab, project);
      counts.projects += 1;
      counts.jobs += polled.jobs;
      counts.missed += polled.missed;
      round.overdue += polled.overdue;
      silent = 0;
    } catch (error) {
      if (!isGitLabsFailure(error)) throw error;
      log.warn({ instance, project, err: error }, 'Project could not be polled');
      if (isSidebandError(error, 'GITLAB_RATE_LIMITED')) throw error;
      const isSilent = isSidebandError(error, 'GITLAB_UNAVAILABLE');
      silent = isSilent ? silent + 1 : 0;
      isWhole &&= !isSilent;
      if (isSilent) return;
    }
    round.projects.add(project);
  }

  async function waitForRoom(): Promise<void> {
    const { waiting, wait, signal } = parts;
    signal.throwIfAborted();
    while ((await waiting(instance)) > ROOM) {
      if (waitedMs >= LONGEST_WAIT_MS) {
        const details = { instance, reason: 'queue' };
        throw new SidebandError('GITLAB_RATE_LIMITED', details, { retryAfterMs: COME_BACK_MS });
      }
      await wait(LOOK_AGAIN_MS, signal).catch(() => undefined);
      signal.throwIfAborted();
      waitedMs += LOOK_AGAIN_MS;
    }
  }

  for (const [index, project] of projects.entries()) {
    await pace.leisure.pause(begunAt + index * apartMs - clock.now());
    await waitForRoom();
    await poll(project);
    if (silent < GIVE_UP_AFTER) continue;
    log.warn({ instance }, 'GitLab does not answer: the rest waits for the next poll');
    return { counts, isWhole };
  }
  if (round.overdue <= OVERDUE) return { counts, isWhole };
  log.warn({ instance, jobs: round.overdue }, 'Ended jobs cannot be looked up: evidence is not fresh');
  return { counts, isWhole: false };
}

import type { Millis } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import { createFindings, type FindingsParts, type PollCounts } from './findings.ts';
import {
  type BackFill,
  MOST_UNSETTLED,
  type OwedJob,
  type PollMemory,
  type ProjectMemory,
  type Unsettled,
} from './poll-memory.ts';
import { reachOf } from './reach.ts';
import { readDown } from './read-down.ts';

export interface PollParts extends FindingsParts {
  readonly memory: PollMemory;
  /** How long after its creation a job that nobody told us about is still found. */
  readonly lookBackMs: number;
  /** How far back a project is read when it is met for the first time. */
  readonly backFillMs: number;
  /** Given when the collector closes. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface PolledProject extends PollCounts {
  /** Jobs that ended long ago and could not be looked up. */
  readonly overdue: number;
}

/** The tries of an event take 1.2 hours, which is not long. */
const OVERDUE_MS = 2 * 3_600_000;
const NOTHING: Unsettled = { open: new Map(), owed: new Map() };

/**
 * What hooks did not say of one project. Throws what GitLab's port throws, `REDIS_UNAVAILABLE`, and the signal's
 * reason once it is given.
 *
 * A job's id says when it was made and not when it ran. So two lists are read: first the jobs that are open now, as far
 * as the look-back, or only the running ones where those are all that matters; then all jobs from the newest id down to
 * the highest that the last poll saw. Nothing is missed, because after each poll
 * every job up to its highest id (a) has not ended and is remembered as open, or (b) is owed: it has ended, and is
 * brought up until the ledger knows it, or (c) is known to the ledger, or (d) is left to the back-fill. That stays so:
 * - A job made since has a higher id: the second list has it, as it is then, also if it began and ended meanwhile. A
 *   job that is retried gets a new id. One whose id was given out before the last poll and committed after it is
 *   found by its creation, down to an hour before that poll began.
 * - A job remembered as open is in the first list, or it has ended, or it is gone: the resolver finds out which. Where
 *   every such job is young enough for the second list, that one tells, and of the first only the running ones are read.
 * - A job from before the look-back that runs is in the list of running ones, which is read wherever that of the open
 *   ones was not read to its end: so one that waited for ten days is remembered as open from its start to its end. One
 *   that begins and ends between two polls is not found.
 * - A job that ends between the two lists: the second one says so if it reaches down to it; else the job stays
 *   remembered as open, and the next poll finds it missing. One that begins or is made between them is open or new.
 * - A list from a replica that lags may lack a job. It is owed then, and open again when it is seen so.
 * - A poll that is cut short (a limit, a crash, Redis away) leaves the memory as it was, and the next one reads all
 *   of it again; what it has queued stays queued once. Of two at a time either one's memory will do.
 * - At the first meeting the open list comes with everything that can still end, and what has ended before is the
 *   back-fill's. The open list is the older one, so a job that ends in between is in one of them at least.
 */
export async function pollProject(
  parts: PollParts,
  gitlab: GitLab,
  project: ProjectId,
): Promise<PolledProject> {
  const { memory, signal } = parts;
  const begunAt = parts.clock.now();
  const last = await memory.project(gitlab.instance, project);
  const reach = reachOf(last, begunAt, parts);
  const findings = createFindings(parts, gitlab, project, last === undefined ? NOTHING : last.unsettled);
  let highest = last?.highest ?? 0;
  let isEnd = true;
  let isOpenRead = reach.readsOpen;

  const isTooOld = (job: GitLabJob): boolean => job.createdAt < reach.lookBack;
  const isPast = (job: GitLabJob): boolean => {
    highest = Math.max(highest, job.id);
    isEnd = job.createdAt >= reach.since || job.id > reach.upToId;
    return !isEnd;
  };
  const isPastOpen = (job: GitLabJob): boolean => {
    isOpenRead = !isTooOld(job);
    return !isOpenRead;
  };
  if (reach.readsOpen) {
    const open = readDown(gitlab.jobs(project, 'open'), isPastOpen, signal);
    for await (const jobs of open) await findings.see(jobs);
  }
  if (!isOpenRead) {
    const running = readDown(gitlab.jobs(project, 'running'), () => false, signal);
    for await (const jobs of running) await findings.see(jobs);
  }
  for await (const jobs of readDown(gitlab.jobs(project, 'any'), isPast, signal)) {
    // An import makes new ids of old jobs.
    await findings.see(jobs.filter((job) => !isTooOld(job)));
  }
  await findings.conclude();

  if (reach.leftDownTo !== undefined && !isEnd) {
    await leaveToBackFill(memory, gitlab.instance, project, {
      begunAt,
      reachedAt: reach.since,
      target: reach.leftDownTo,
    });
  }
  const { open, owed } = findings.unsettled((begunAt - parts.lookBackMs) as Millis);
  const since = await owedSince(parts, gitlab.instance, project, last);
  const unsettled = boundUnsettled({ open, owed: new Map([...since, ...owed]) });
  if (unsettled === undefined && (last === undefined || last.unsettled !== undefined)) {
    parts.log.warn(
      { instance: gitlab.instance, project, most: MOST_UNSETTLED },
      'Project has too many open jobs to remember: each poll reads its whole look-back',
    );
  }
  await memory.keepProject(gitlab.instance, project, { begunAt, highest, unsettled });
  const overdue = [...owed.values()].filter((job) => begunAt - job.since > OVERDUE_MS).length;
  return { ...findings.counts(), overdue };
}

/** A back-fill by another collector may have added to what is owed while the lists were read. */
async function owedSince(
  { memory }: PollParts,
  instance: InstanceName,
  project: ProjectId,
  last: ProjectMemory | undefined,
): Promise<readonly (readonly [JobId, OwedJob])[]> {
  const now = await memory.project(instance, project);
  const added = [...(now?.unsettled?.owed ?? [])];
  return added.filter(([id]) => last?.unsettled?.owed.has(id) !== true);
}

/** Undefined: there are too many. */
function boundUnsettled(unsettled: Unsettled): Unsettled | undefined {
  return Math.max(unsettled.open.size, unsettled.owed.size) > MOST_UNSETTLED ? undefined : unsettled;
}

/** What an earlier one has not reached yet is taken over. */
async function leaveToBackFill(
  memory: PollMemory,
  instance: InstanceName,
  project: ProjectId,
  { begunAt, reachedAt, target }: Pick<BackFill, 'begunAt' | 'reachedAt' | 'target'>,
): Promise<void> {
  const earlier = await memory.backFill(instance, project);
  const isUnfinished = earlier !== undefined && earlier.reachedAt > earlier.target;
  const deepest = isUnfinished ? Math.min(earlier.target, target) : target;
  const backFill = { begunAt, reachedAt, below: undefined, target: deepest as Millis, found: 0 };
  await memory.keepBackFill(instance, project, backFill);
}

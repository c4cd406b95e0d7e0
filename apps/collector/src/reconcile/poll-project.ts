import type { Millis } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import { createFindings, type FindingsParts, type PollCounts } from './findings.ts';
import { type BackFill, MOST_UNSETTLED, type PollMemory, type Unsettled } from './poll-memory.ts';
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

const NOTHING: Unsettled = { open: new Map(), owed: new Map() };

/**
 * What hooks did not say of one project. Throws what GitLab's port throws, `REDIS_UNAVAILABLE`, and the signal's
 * reason once it is given.
 *
 * A job's id says when it was made and not when it ran. So two lists are read: first the jobs that are open now, then
 * all jobs from the newest id down to the highest that the last poll saw. Nothing is missed, because after each poll
 * every job up to its highest id (a) has not ended and is remembered as open, or (b) is owed: it has ended, and is
 * brought up until the ledger knows it, or (c) is known to the ledger, or (d) is left to the back-fill. That stays so:
 * - A job made since has a higher id: the second list has it, as it is then, also if it began and ended meanwhile. A
 *   job that is retried gets a new id. One whose id was given out before the last poll and committed after it is
 *   found by its creation, down to an hour before that poll began.
 * - A job remembered as open is in the first list, or it has ended, or it is gone: the resolver finds out which. Where
 *   every such job is young enough for the second list, that one tells, and the first is not read.
 * - A job that ends between the two lists: the second one says so if it reaches down to it; else the job stays
 *   remembered as open, and the next poll finds it missing. One that begins or is made between them is open or new.
 * - A list from a replica that lags may lack a job. It is owed then, and open again when it is seen so.
 * - A poll that is cut short (a limit, a crash, Redis away) leaves the memory as it was, and the next one reads all
 *   of it again; what it has queued stays queued once. Of two at a time either one's memory will do.
 * - At the first meeting the open list comes with everything that can still end, and what has ended before is the
 *   back-fill's. The open list is the older one, so a job that ends in between is in one of them at least.
 */
export async function pollProject(parts: PollParts, gitlab: GitLab, project: ProjectId): Promise<PollCounts> {
  const { memory, signal } = parts;
  const begunAt = parts.clock.now();
  const last = await memory.project(gitlab.instance, project);
  const reach = reachOf(last, begunAt, parts);
  const findings = createFindings(parts, gitlab, project, last === undefined ? NOTHING : last.unsettled);
  let highest = last?.highest ?? 0;
  let isEnd = true;

  const isTooOld = (job: GitLabJob): boolean => job.createdAt < reach.lookBack;
  const isPast = (job: GitLabJob): boolean => {
    highest = Math.max(highest, job.id);
    isEnd = job.createdAt >= reach.since || job.id > reach.upToId;
    return !isEnd;
  };
  if (reach.readsOpen) {
    const open = readDown(gitlab.jobs(project, 'open'), isTooOld, signal);
    for await (const jobs of open) await findings.see(jobs);
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
  const oldest = begunAt - parts.lookBackMs;
  const unsettled = boundUnsettled(findings.unsettled(), oldest as Millis);
  if (unsettled === undefined && (last === undefined || last.unsettled !== undefined)) {
    parts.log.warn(
      { instance: gitlab.instance, project, most: MOST_UNSETTLED },
      'Project has too many open jobs to remember: each poll reads its whole look-back',
    );
  }
  await memory.keepProject(gitlab.instance, project, { begunAt, highest, unsettled });
  return findings.counts();
}

/** Undefined: there are too many. */
function boundUnsettled({ open, owed }: Unsettled, oldest: Millis): Unsettled | undefined {
  const unsettled = {
    open: new Map([...open].filter(([, createdAt]) => createdAt >= oldest)),
    owed: new Map([...owed].filter(([, { createdAt }]) => createdAt >= oldest)),
  };
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

import type { Clock, Millis } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { JobLedger } from '../resolve/ledger.ts';
import { type AnnounceParts, announce } from './announce.ts';
import { type BackFill, MOST_UNSETTLED, type PollMemory } from './poll-memory.ts';
import { readDown } from './read-down.ts';

export interface FillParts extends AnnounceParts {
  readonly ledger: Pick<JobLedger, 'knownEnded'>;
  readonly memory: Pick<PollMemory, 'keepBackFill' | 'project' | 'keepProject'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Ten pages: some seconds. */
const SKIPPED = 1_000;
/** The first step; each of the others goes twice as far back as the one before. */
const FIRST_STEP_MS = 86_400_000;

export function isFilled({ reachedAt, target }: BackFill): boolean {
  return reachedAt <= target;
}

/**
 * Reads one step further into a project's past and queues the ended jobs that are not known, behind what happens now.
 * How far it came is kept after each page. `mayGoOn` is asked before a page is queued, and with each 1,000 jobs that
 * were read before; `false` ends the step there.
 * Throws what GitLab's port throws, `REDIS_UNAVAILABLE`, and the signal's reason.
 *
 * GitLab's lists begin with the newest job, so a step reads again the pages of those before it: as steps double, that
 * is one page more for each page read, where each page leads to up to a hundred traces.
 */
export async function fillProject(
  parts: FillParts,
  gitlab: GitLab,
  project: ProjectId,
  fill: BackFill,
  mayGoOn: () => Promise<boolean>,
): Promise<BackFill> {
  const { instance } = gitlab;
  const now = parts.clock.now();
  const stepMs = Math.max(FIRST_STEP_MS, 2 * (now - fill.reachedAt));
  const goal = Math.max(fill.target, now - stepMs) as Millis;
  let isEnd = true;
  let current = fill;

  async function keep(changes: Partial<BackFill>): Promise<void> {
    current = { ...current, ...changes };
    await parts.memory.keepBackFill(instance, project, current);
  }

  const isPast = (job: GitLabJob): boolean => {
    isEnd = job.createdAt >= goal;
    return !isEnd;
  };
  let isStopped = false;
  const mayRead = async (): Promise<boolean> => {
    isStopped ||= !(await mayGoOn());
    return !isStopped;
  };
  const unread = jobsBelow(gitlab.jobs(project, 'any'), fill.below, mayRead, parts.signal);
  for await (const jobs of readDown(unread, isPast, parts.signal)) {
    if (!(await mayRead())) return current;
    const found = await queueEnded(parts, gitlab, project, jobs);
    const lowest = jobs.at(-1);
    const reachedAt = Math.min(current.reachedAt, lowest?.createdAt ?? current.reachedAt) as Millis;
    await keep({ below: lowest?.id, reachedAt, found: current.found + found });
  }
  if (isStopped) return current;
  await keep({ reachedAt: isEnd ? fill.target : goal });
  return current;
}

/** How many there were. */
async function queueEnded(
  parts: FillParts,
  gitlab: GitLab,
  project: ProjectId,
  jobs: readonly GitLabJob[],
): Promise<number> {
  const { instance } = gitlab;
  const ended = jobs.filter((job) => job.phase === 'ended');
  const known = await parts.ledger.knownEnded(
    instance,
    project,
    ended.map((job) => job.id),
  );
  const unknown = ended.filter((job) => !known.has(job.id));
  const since = parts.clock.now();
  await owe(parts, gitlab, project, unknown, since);
  for (const job of unknown) {
    const key = { instance, project, job: job.id };
    await announce(parts, { key, status: 'ended', since, job, priority: 'later' });
  }
  return unknown.length;
}

/**
 * Polls bring them up again if they cannot be looked up. A poll by another collector that has begun before takes them
 * over when it ends. Only one that ends between these two commands is undone: then the next poll reads what it read.
 */
async function owe(
  { memory }: FillParts,
  { instance }: GitLab,
  project: ProjectId,
  jobs: readonly GitLabJob[],
  since: Millis,
): Promise<void> {
  const kept = await memory.project(instance, project);
  if (jobs.length === 0 || kept?.unsettled === undefined) return;
  const owed = new Map(kept.unsettled.owed);
  if (owed.size + jobs.length > MOST_UNSETTLED) return;
  for (const { id, createdAt } of jobs) if (!owed.has(id)) owed.set(id, { createdAt, since });
  await memory.keepProject(instance, project, { ...kept, unsettled: { ...kept.unsettled, owed } });
}

async function* jobsBelow(
  jobs: AsyncIterable<GitLabJob>,
  below: JobId | undefined,
  maySkip: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<GitLabJob, void> {
  let skipped = 0;
  for await (const job of jobs) {
    signal.throwIfAborted();
    if (below === undefined || job.id < below) {
      yield job;
      continue;
    }
    skipped += 1;
    if (skipped % SKIPPED === 0 && !(await maySkip())) return;
  }
}

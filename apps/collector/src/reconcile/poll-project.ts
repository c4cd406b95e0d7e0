import type { Clock } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { PayloadOf } from '@sideband/shared/queues/define';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { JobLedger } from '../resolve/ledger.ts';
import { LEASE_MS } from '../resolve/resolve-running.ts';

type JobEvent = PayloadOf<(typeof resolveQueue.jobs)['job-event']>;

export interface PollParts {
  readonly ledger: JobLedger;
  /** Puts an event on the resolve queue; one whose id the queue still knows is not added again. */
  readonly enqueue: (jobId: string, event: JobEvent) => Promise<unknown>;
  readonly clock: Clock;
  /** How long after its creation a job that nobody told us about is still found. */
  readonly lookBackMs: number;
}

export interface PollCounts {
  /** Jobs looked at. */
  readonly jobs: number;
  /** Of these, ended ones that the ledger did not know. */
  readonly missed: number;
}

/** The ledger is asked about so many at a time; also GitLab's page. */
const BATCH = 100;
/** GitLab gives out ids before it commits: one lower than those in the list can still appear for a while. */
const LATE_ID_MS = 3_600_000;
/**
 * An event that waits in the queue is added once in this time at most, however often the poll finds its job.
 * Its 12 tries take 1.2 hours; if they fail, a later poll brings it up again.
 */
const AGAIN_MS = 2 * 3_600_000;

/** What hooks did not say of one project. Throws what GitLab's port throws, and `REDIS_UNAVAILABLE`. */
export async function pollProject(parts: PollParts, gitlab: GitLab, project: ProjectId): Promise<PollCounts> {
  const running = await pollRunning(parts, gitlab, project);
  const all = await pollCreated(parts, gitlab, project);
  return { jobs: running + all.jobs, missed: all.missed };
}

/** Jobs that run and may be in their preparation gap still. */
async function pollRunning(parts: PollParts, gitlab: GitLab, project: ProjectId): Promise<number> {
  let seen = 0;
  for await (const job of gitlab.jobs(project, { running: true })) {
    seen += 1;
    const isRecent = job.startedAt !== undefined && job.startedAt + LEASE_MS > parts.clock.now();
    if (isRecent) await enqueue(parts, gitlab, job, 'running');
  }
  return seen;
}

/**
 * Every job created within the look-back that has ended and is not known to have. A job's id says when it was
 * made and not when it ran, so one that waits is looked at again by each poll; below the last such job
 * everything is settled and the list is not read that far again.
 */
async function pollCreated(parts: PollParts, gitlab: GitLab, project: ProjectId): Promise<PollCounts> {
  const { ledger, clock } = parts;
  const now = clock.now();
  const settled = await ledger.settledUpTo(gitlab.instance, project);
  /** The highest id from which down to the end of the list every job has been dealt with. */
  let settledNow: JobId | undefined;
  let jobs = 0;
  let missed = 0;

  async function look(batch: readonly GitLabJob[]): Promise<void> {
    const ended = batch.filter((job) => job.phase === 'ended').map((job) => job.id);
    const known = await ledger.knownEnded(gitlab.instance, project, ended);
    for (const job of batch) {
      jobs += 1;
      if (known.has(job.id)) {
        if (job.createdAt < now - LATE_ID_MS) settledNow ??= job.id;
        continue;
      }
      settledNow = undefined;
      if (job.phase !== 'ended') continue;
      missed += 1;
      await enqueue(parts, gitlab, job, 'ended');
    }
  }

  let batch: GitLabJob[] = [];
  for await (const job of gitlab.jobs(project, { running: false })) {
    if (job.createdAt < now - parts.lookBackMs || job.id <= (settled ?? 0)) break;
    batch.push(job);
    if (batch.length < BATCH) continue;
    await look(batch);
    batch = [];
  }
  await look(batch);
  if (settledNow !== undefined) await ledger.settle(gitlab.instance, project, settledNow);
  return { jobs, missed };
}

async function enqueue(
  { enqueue, clock }: PollParts,
  { instance }: GitLab,
  { project, id }: GitLabJob,
  status: JobEvent['status'],
): Promise<void> {
  const receivedAt = clock.now();
  // Not the id of the hook's event: the queue may still know that one, as done or as failed.
  const jobId = `${instance}-${project}-${id}-${status}-poll-${Math.floor(receivedAt / AGAIN_MS)}`;
  await enqueue(jobId, { instance, project, job: id, status, receivedAt });
}

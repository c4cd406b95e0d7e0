import type { Clock, Millis } from '@sideband/shared/clock';
import type { JobId, JobKey, ProjectId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { JobLedger } from '../resolve/ledger.ts';
import { LEASE_MS } from '../resolve/resolve-running.ts';
import { type AnnounceParts, announce } from './announce.ts';
import type { OwedJob, Unsettled } from './poll-memory.ts';

export interface FindingsParts extends AnnounceParts {
  readonly ledger: Pick<JobLedger, 'knownEnded'>;
  readonly clock: Clock;
}

export interface PollCounts {
  /** Jobs looked at. */
  readonly jobs: number;
  /** Of these, ended or gone ones that the ledger did not know. */
  readonly missed: number;
}

/** What one poll finds in one project. Throws `REDIS_UNAVAILABLE`. */
interface Findings {
  /** Of two lists that have the same job the later one counts. */
  see(jobs: readonly GitLabJob[]): Promise<void>;
  /** All lists are read: what was unsettled and is in none of them has ended or is gone. */
  conclude(): Promise<void>;
  /** Without what was created before `oldest`, unless it runs. */
  unsettled(oldest: Millis): Unsettled;
  counts(): PollCounts;
}

/** The ledger answers for so many at a time. */
const BATCH = 500;

/** `last`: what the last poll left; undefined: it was too much to be remembered. */
export function createFindings(
  parts: FindingsParts,
  { instance }: GitLab,
  project: ProjectId,
  last: Unsettled | undefined,
): Findings {
  const begunAt = parts.clock.now();
  const looked = new Set<JobId>();
  const open = new Map<JobId, Millis>();
  const running = new Set<JobId>();
  const owed = new Map<JobId, OwedJob>();
  let missed = 0;

  const keyOf = (job: JobId): JobKey => ({ instance, project, job });

  async function owe(id: JobId, createdAt: Millis, job: GitLabJob | undefined): Promise<void> {
    const known = last?.owed.get(id);
    // Where nothing is remembered the job's own end tells how long it has been brought up already.
    const since = known?.since ?? (last === undefined ? (job?.finishedAt ?? createdAt) : begunAt);
    if (known === undefined) missed += 1;
    owed.set(id, { createdAt, since });
    await announce(parts, { key: keyOf(id), status: 'ended', since, job });
  }

  async function seeOpen(job: GitLabJob): Promise<void> {
    owed.delete(job.id);
    open.set(job.id, job.createdAt);
    if (job.phase === 'running') running.add(job.id);
    const status = looked.has(job.id) ? undefined : hintOf(job, begunAt);
    if (status !== undefined) await announce(parts, { key: keyOf(job.id), status, since: begunAt, job });
  }

  return {
    async see(jobs) {
      const ended = jobs.filter((job) => job.phase === 'ended').map((job) => job.id);
      const known = await parts.ledger.knownEnded(instance, project, ended);
      for (const job of jobs) {
        if (job.phase !== 'ended') await seeOpen(job);
        else open.delete(job.id);
        if (job.phase === 'ended' && !known.has(job.id)) await owe(job.id, job.createdAt, job);
        looked.add(job.id);
      }
    },

    async conclude() {
      const createdAt = new Map(last?.open);
      for (const [id, job] of last?.owed ?? []) createdAt.set(id, job.createdAt);
      const unseen = [...createdAt].filter(([id]) => !looked.has(id));
      for (let start = 0; start < unseen.length; start += BATCH) {
        const batch = unseen.slice(start, start + BATCH);
        const ids = batch.map(([id]) => id);
        const known = await parts.ledger.knownEnded(instance, project, ids);
        for (const [id, at] of batch) if (!known.has(id)) await owe(id, at, undefined);
      }
    },

    unsettled: (oldest) => ({
      open: new Map([...open].filter(([id, createdAt]) => createdAt >= oldest || running.has(id))),
      owed: new Map([...owed].filter(([, { createdAt }]) => createdAt >= oldest)),
    }),
    counts: () => ({ jobs: looked.size, missed }),
  };
}

/** What there is to prepare for: a job that has begun and may be in its preparation gap still, or one just made. */
function hintOf(job: GitLabJob, now: Millis): 'running' | 'expected' | undefined {
  if (job.phase === 'running') {
    return job.startedAt !== undefined && job.startedAt + LEASE_MS > now ? 'running' : undefined;
  }
  const isWaiting = job.status === 'created' || job.status === 'pending';
  return isWaiting && job.createdAt + LEASE_MS > now ? 'expected' : undefined;
}

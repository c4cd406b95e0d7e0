import type { Millis } from '@sideband/shared/clock';
import type { Identity, Role } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, JobKey, ProjectId } from '@sideband/shared/names';

/** One image a job used, under all names that were known of it. */
export interface UsedImage {
  readonly role: Role;
  readonly identities: readonly Identity[];
}

/**
 * What the collector remembers of jobs: which of them are dealt with, and what jobs of a name used last. Losing
 * it costs work and no evidence. Every write may be repeated. Throws `REDIS_UNAVAILABLE` only.
 */
export interface JobLedger {
  /** Those of the jobs that ended and whose uses are recorded. */
  knownEnded(instance: InstanceName, project: ProjectId, jobs: readonly JobId[]): Promise<ReadonlySet<JobId>>;
  /** The last thing that is done about a job: after it nobody asks GitLab for the job again. */
  markEnded(job: JobKey, createdAt: Millis): Promise<void>;

  /** What the newest job of this name used. */
  imagesOf(
    instance: InstanceName,
    project: ProjectId,
    jobName: string,
  ): Promise<readonly UsedImage[] | undefined>;
  /** Changes nothing when a newer job of the name has been remembered: back-fill runs from new to old. */
  rememberImages(job: JobKey, jobName: string, images: readonly UsedImage[], at: Millis): Promise<void>;

  /** No job up to and including this id is worth a look: all of them ended and were dealt with. */
  settledUpTo(instance: InstanceName, project: ProjectId): Promise<JobId | undefined>;
  settle(instance: InstanceName, project: ProjectId, upTo: JobId): Promise<void>;
}

export interface LedgerBounds {
  /** Ended jobs are remembered until they were created this long ago: nobody looks further back. */
  readonly lookBackMs: number;
  /** Ended jobs of one project, newest kept. One is about 80 bytes in Redis. */
  readonly endedJobs: number;
  /** A job of a name that was not seen for so long is not predicted. */
  readonly imagesMs: number;
}

export const LEDGER_BOUNDS = { endedJobs: 100_000, imagesMs: 30 * 86_400_000 } as const;

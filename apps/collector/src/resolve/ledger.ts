import type { Millis } from '@sideband/shared/clock';
import type { Identity, Role } from '@sideband/shared/evidence/model';
import type {
  HostName,
  InstanceName,
  JobId,
  JobKey,
  ProjectId,
  RunnerId,
  SystemId,
} from '@sideband/shared/names';

/** One image a job used, under all names that were known of it. */
export interface UsedImage {
  readonly role: Role;
  readonly identities: readonly Identity[];
}

/** What the newest job of a name used. */
export interface RememberedJob {
  /** Empty where it ran by an executor that takes no image from an engine here. */
  readonly images: readonly UsedImage[];
  /** Where jobs of the name ran lately, the newest job's first. At most eight are kept. */
  readonly hosts: readonly HostName[];
}

/**
 * What the collector remembers of jobs: which of them are dealt with, what jobs of a name used last, and which
 * machines a runner has. Losing it costs work and no evidence. Every write may be repeated. Throws
 * `REDIS_UNAVAILABLE` only.
 */
export interface JobLedger {
  /** Those of the jobs that ended and whose uses are recorded. */
  knownEnded(instance: InstanceName, project: ProjectId, jobs: readonly JobId[]): Promise<ReadonlySet<JobId>>;
  /** The last thing that is done about a job: after it nobody asks GitLab for the job again. */
  markEnded(job: JobKey, createdAt: Millis): Promise<void>;

  /** What the newest job of this name used. */
  lastOf(instance: InstanceName, project: ProjectId, jobName: string): Promise<RememberedJob | undefined>;
  /** Changes nothing when a newer job of the name has been remembered: back-fill runs from new to old. */
  remember(job: JobKey, jobName: string, remembered: RememberedJob, at: Millis): Promise<void>;

  /** Managers that were seen working for this runner, newest first; at most `managers`. */
  managersOf(instance: InstanceName, runner: RunnerId): Promise<readonly SystemId[]>;
  noteManagers(
    instance: InstanceName,
    runner: RunnerId,
    managers: readonly SystemId[],
    at: Millis,
  ): Promise<void>;

  /** The project is gone: its ended jobs go too; what is remembered by name expires by itself. */
  forgetProject(instance: InstanceName, project: ProjectId): Promise<void>;
}

export interface LedgerBounds {
  /** Ended jobs are remembered until they were created this long ago: nobody looks further back. */
  readonly lookBackMs: number;
  /** Ended jobs of one project, newest kept. One is about 80 bytes in Redis. */
  readonly endedJobs: number;
  /** A job of a name that was not seen for so long is not predicted. */
  readonly imagesMs: number;
  /** Managers of one runner, newest kept; they expire with the look-back. */
  readonly managers: number;
}

export const LEDGER_BOUNDS = { endedJobs: 100_000, imagesMs: 30 * 86_400_000, managers: 256 } as const;

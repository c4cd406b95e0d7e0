import type { Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId, RunnerId } from '@sideband/shared/names';

/** How far down a list that is sorted by id was read. */
export interface ReadUpTo {
  /** When the poll that read it began. */
  readonly begunAt: Millis;
  /** The highest id that it or one before it saw; 0 where there was none. */
  readonly highest: number;
}

/** A job that has ended, or is gone, and that the ledger does not know yet. */
export interface OwedJob {
  readonly createdAt: Millis;
  /** When a poll first found it so. */
  readonly since: Millis;
}

/** Jobs at or below the highest id that polls have to come back to. */
export interface Unsettled {
  /** Those that had not ended → when they were created. */
  readonly open: ReadonlyMap<JobId, Millis>;
  readonly owed: ReadonlyMap<JobId, OwedJob>;
}

/** What the last poll that went through the whole project left for the next one. */
export interface ProjectMemory extends ReadUpTo {
  /** Undefined: there were more than `MOST_UNSETTLED`, so the next poll has to read the whole look-back. */
  readonly unsettled: Unsettled | undefined;
}

/** How far a project's past has been read, from new to old. */
export interface BackFill {
  readonly begunAt: Millis;
  /** Every job created at or after this has been read. */
  readonly reachedAt: Millis;
  /** The lowest id read so far; undefined: none. */
  readonly below: JobId | undefined;
  /** Where it ends: done when `reachedAt` is not later. */
  readonly target: Millis;
  /** Ended jobs found that were not known. */
  readonly found: number;
}

/**
 * What polls remember from one to the next. Losing it costs requests: a project that is not remembered is read as at
 * the first start. Throws `REDIS_UNAVAILABLE` only.
 */
export interface PollMemory {
  /** Since when there is a memory: another time than before where it was lost meanwhile, whoever asks. */
  since(): Promise<Millis>;

  project(instance: InstanceName, project: ProjectId): Promise<ProjectMemory | undefined>;
  keepProject(instance: InstanceName, project: ProjectId, memory: ProjectMemory): Promise<void>;

  runner(instance: InstanceName, runner: RunnerId): Promise<ReadUpTo | undefined>;
  keepRunner(instance: InstanceName, runner: RunnerId, memory: ReadUpTo): Promise<void>;

  /** Projects whose jobs a runner took, seen within the look-back; by id. */
  seenProjects(instance: InstanceName): Promise<readonly ProjectId[]>;
  noteProjects(instance: InstanceName, projects: Iterable<ProjectId>, at: Millis): Promise<void>;

  backFill(instance: InstanceName, project: ProjectId): Promise<BackFill | undefined>;
  backFills(instance: InstanceName): Promise<ReadonlyMap<ProjectId, BackFill>>;
  keepBackFill(instance: InstanceName, project: ProjectId, backFill: BackFill): Promise<void>;
  forgetBackFills(instance: InstanceName, projects: readonly ProjectId[]): Promise<void>;
}

export interface PollMemoryBounds {
  readonly lookBackMs: number;
  /** Projects seen through runners, newest kept. */
  readonly projects: number;
}

export const POLL_MEMORY_BOUNDS = { projects: 50_000 } as const;

/** Back-fills remembered of one GitLab; 150 bytes each. Those that were done first are forgotten first. */
export const MOST_BACK_FILLS = 50_000;

/**
 * Open jobs of a project that are remembered, and owed ones. One takes 26 bytes of text, so a project at most
 * 350 kB. GitLab itself allows 20,000 to 200,000 active jobs a project where a plan limits them.
 */
export const MOST_UNSETTLED = 5_000;

/** Nothing is of use for longer than the look-back, counted from the last poll; a day more lets a poll be late. */
export function pollMemoryMs({ lookBackMs }: PollMemoryBounds): number {
  return lookBackMs + 86_400_000;
}

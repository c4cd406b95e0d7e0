import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { Configuration, WholeConfiguration } from './configuration.ts';

/** `none`: GitLab gave none, or nothing that can be read; `of-default-branch`: it gives no commit's (before 16.5). */
export type NoConfiguration = 'none' | 'of-default-branch';

/** What GitLab said of a commit's configuration. */
export type KnownConfiguration = Configuration | NoConfiguration;

/**
 * Spares GitLab from merging a commit's configuration for each of its jobs. Forgetting is always right. Throws
 * `REDIS_UNAVAILABLE` only.
 */
export interface ConfigurationCache {
  /** `commit` is a SHA in hexadecimal. */
  get(instance: InstanceName, project: ProjectId, commit: string): Promise<KnownConfiguration | undefined>;
  /** A configuration that is too large is not kept. */
  put(
    instance: InstanceName,
    project: ProjectId,
    commit: string,
    configuration: WholeConfiguration | NoConfiguration,
  ): Promise<void>;
}

export interface CacheBounds {
  /** Of one configuration, compressed. */
  readonly entryBytes: number;
  /** What a commit holds never changes; what it includes from elsewhere may. */
  readonly keepMs: number;
  /** That there is none is asked again sooner: the token may be given the right it lacks, GitLab may be upgraded. */
  readonly keepNoneMs: number;
}

export const CACHE_BOUNDS: CacheBounds = {
  entryBytes: 256 * 1_024,
  keepMs: 86_400_000,
  keepNoneMs: 10 * 60_000,
};

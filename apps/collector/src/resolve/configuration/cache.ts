import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { Configuration } from './configuration.ts';

/** What GitLab said of a commit's configuration; `none` where it gave none, or nothing that can be read. */
export type KnownConfiguration = Configuration | 'none';

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
    configuration: KnownConfiguration,
  ): Promise<void>;
}

export interface CacheBounds {
  /** Of one configuration, compressed. */
  readonly entryBytes: number;
  /** What a commit holds never changes; what it includes from elsewhere may. */
  readonly keepMs: number;
  /** `none` is asked again sooner: somebody may give the token the right it lacks. */
  readonly keepNoneMs: number;
}

export const CACHE_BOUNDS: CacheBounds = {
  entryBytes: 256 * 1_024,
  keepMs: 86_400_000,
  keepNoneMs: 10 * 60_000,
};

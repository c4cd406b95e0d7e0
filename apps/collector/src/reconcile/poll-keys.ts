import type { InstanceName, ProjectId, RunnerId } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';

/** Text: since when polls remember anything, in milliseconds. TTL: `pollMemoryMs`. */
export const POLL_SINCE_KEY = `${COLLECTOR_PREFIX}:poll-since`;

/** What polls remember of one GitLab; one slot, the one of the collector's queues. TTL: `pollMemoryMs`. */
export interface PollKeys {
  /** Sorted set: id of a project → when a runner was last seen with a job of it. Bounds in `PollMemoryBounds`. */
  readonly projects: string;
  /** Hash: id of a project → JSON text, how far its past has been read. */
  readonly backFills: string;
  /** JSON text. */
  project(project: ProjectId): string;
  /** JSON text. */
  runner(runner: RunnerId): string;
}

export function pollKeys(instance: InstanceName): PollKeys {
  const about = (kind: string): string => `${COLLECTOR_PREFIX}:poll-${kind}:${instance}`;
  return {
    projects: about('projects'),
    backFills: about('back-fills'),
    project: (project) => `${about('project')}:${project}`,
    runner: (runner) => `${about('runner')}:${runner}`,
  };
}

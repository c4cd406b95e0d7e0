import { createHash } from 'node:crypto';
import type { InstanceName, ProjectId, RunnerId } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';

/** What the collector remembers of one project's jobs; one slot, the one of the collector's queues. */
export interface ProjectKeys {
  /** Sorted set: id of an ended job → when it was created. Bounds in `LedgerBounds`. */
  readonly ended: string;
  /** JSON text: what the newest job of this name used, and where. TTL in `LedgerBounds`. */
  images(jobName: string): string;
}

export function projectKeys(instance: InstanceName, project: ProjectId): ProjectKeys {
  const about = (kind: string): string => `${COLLECTOR_PREFIX}:${kind}:${instance}:${project}`;
  return {
    ended: about('ended'),
    // A job's name is its author's, 255 characters of anything.
    images: (jobName) => `${about('images')}:${createHash('sha256').update(jobName).digest('base64url')}`,
  };
}

/** Sorted set: system id of a manager → when it last worked for the runner. Bounds in `LedgerBounds`. */
export function runnerManagersKey(instance: InstanceName, runner: RunnerId): string {
  return `${COLLECTOR_PREFIX}:managers:${instance}:${runner}`;
}

import { createHash } from 'node:crypto';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';

/** What the collector remembers of one project's jobs; one slot, the one of the collector's queues. */
export interface ProjectKeys {
  /** Sorted set: id of an ended job → when it was created. Bounds in `LedgerBounds`. */
  readonly ended: string;
  /** A job's id; TTL of the look-back. */
  readonly settled: string;
  /** JSON text: what the job of this name used last. TTL in `LedgerBounds`. */
  images(jobName: string): string;
}

export function projectKeys(instance: InstanceName, project: ProjectId): ProjectKeys {
  const about = (kind: string): string => `${COLLECTOR_PREFIX}:${kind}:${instance}:${project}`;
  return {
    ended: about('ended'),
    settled: about('settled'),
    // A job's name is its author's, 255 characters of anything.
    images: (jobName) => `${about('images')}:${createHash('sha256').update(jobName).digest('base64url')}`,
  };
}

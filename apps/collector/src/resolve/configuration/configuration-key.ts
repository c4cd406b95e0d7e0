import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';

/** What is kept of one commit's configuration. TTL in `CacheBounds`. */
export function configurationKey(instance: InstanceName, project: ProjectId, commit: string): string {
  return `${COLLECTOR_PREFIX}:configuration:${instance}:${project}:${commit}`;
}

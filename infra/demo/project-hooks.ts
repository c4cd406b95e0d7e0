import { hookPath, hookToken, signingToken } from '@sideband/collector/receive/hook-secret';
import type { InstanceName, ProjectId } from '@sideband/shared/names';

/** Hooks as `sideband-collector hooks install` makes them, each project's with secrets of its own. */
export interface ProjectHooks {
  readonly url: (project: number) => string;
  readonly secret: (project: number) => string;
  readonly signingToken: (project: number) => string;
}

/** `master` is the collector's hook secret, `url` where it listens. */
export function projectHooks(url: string, instance: string, master: string): ProjectHooks {
  const name = instance as InstanceName;
  const source = (project: number) => ({ kind: 'project', project: project as ProjectId }) as const;
  return {
    url: (project) => `${url}${hookPath(name, source(project))}`,
    secret: (project) => hookToken(master, name, source(project)),
    signingToken: (project) => signingToken(master, name, source(project)),
  };
}

import type { InstanceName } from '@sideband/shared/names';
import type { HookOwner, HookSettings } from '../gitlab/hooks-port.ts';
import { hookPath, hookToken, masterFingerprint, signingToken } from '../receive/hook-secret.ts';

/** Where hooks of one GitLab go, and what their secrets are derived from. */
export interface HookTarget {
  readonly instance: InstanceName;
  /** The collector as GitLab reaches it, without a slash at its end. */
  readonly publicUrl: string;
  /** The one that is handed out. */
  readonly master: string;
}

/** The hook that the owner should have. */
export function desiredHook({ instance, publicUrl, master }: HookTarget, owner: HookOwner): HookSettings {
  return {
    url: `${publicUrl}${hookPath(instance, owner)}`,
    token: hookToken(master, instance, owner),
    signingToken: signingToken(master, instance, owner),
    description: describeSecret(master),
  };
}

/** GitLab never shows a hook's secret again, so the description says which one it was made with. */
export function describeSecret(master: string): string {
  return `Tells Sideband of jobs. Secret ${masterFingerprint(master)}`;
}

/** `project 42`, `group 7`, `instance`. */
export function describeOwner(owner: HookOwner): string {
  switch (owner.kind) {
    case 'project':
      return `project ${owner.project}`;
    case 'group':
      return `group ${owner.group}`;
    case 'system':
      return 'instance';
  }
}

/** Told by its path: the collector may have moved, and a hook to its old address is still ours. */
export function isOurs(url: string, instance: InstanceName, owner: HookOwner): boolean {
  return URL.canParse(url) && new URL(url).pathname.endsWith(hookPath(instance, owner));
}

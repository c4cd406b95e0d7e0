import type { SidebandError } from '@sideband/shared/errors';
import type { GitLabAdmin, Hook, HookOwner } from '../gitlab/hooks-port.ts';
import { checkDeliveries, checkHook, type HookProblem } from './check-hook.ts';
import { desiredHook, type HookTarget, isOurs } from './desired-hook.ts';
import { ofThisOwner } from './install-hooks.ts';

interface HookReport {
  readonly hook: Hook;
  readonly problems: readonly HookProblem[];
}

/** The hooks of ours that an owner has, each with what is wrong with it; none: it was never installed, or removed. */
export interface OwnerReport {
  readonly owner: HookOwner;
  readonly hooks: readonly HookReport[];
  readonly error: SidebandError | undefined;
}

/** Looks at an owner's hooks and at GitLab's own log of their newest deliveries; changes nothing. */
export async function verifyHooks(
  admin: GitLabAdmin,
  target: HookTarget,
  owner: HookOwner,
  signs: boolean,
): Promise<OwnerReport> {
  const desired = desiredHook(target, owner);
  const hooks: HookReport[] = [];
  try {
    for (const hook of await admin.hooks(owner)) {
      if (!isOurs(hook.url, target.instance, owner)) continue;
      const delivered = checkDeliveries((await admin.deliveries(owner, hook.id)) ?? []);
      const problems = [...checkHook(owner, hook, desired, signs), ...(delivered ? [delivered] : [])];
      hooks.push({ hook, problems });
    }
    return { owner, hooks, error: undefined };
  } catch (error) {
    return { owner, hooks, error: ofThisOwner(error) };
  }
}

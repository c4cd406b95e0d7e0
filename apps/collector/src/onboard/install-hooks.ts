import { isSidebandError, type SidebandError } from '@sideband/shared/errors';
import type { GitLabAdmin, Hook, HookOwner } from '../gitlab/hooks-port.ts';
import { desiredHook, type HookTarget, isOurs } from './desired-hook.ts';
import { type HookStep, planHooks } from './plan-hooks.ts';
import { storesSigningTokens } from './versions.ts';

/** What was done, or would be, for one owner. */
export interface OwnerOutcome {
  readonly owner: HookOwner;
  readonly steps: readonly HookStep[];
  /** Why it could not be done, or not wholly. */
  readonly error: SidebandError | undefined;
  /** The hook proves itself by a signature too; undefined where nothing was written. */
  readonly signed: boolean | undefined;
}

/** What GitLab said of itself, asked once for many owners. */
export async function signsHooks(admin: GitLabAdmin): Promise<boolean> {
  return storesSigningTokens((await admin.server()).version);
}

/**
 * Gives one owner its hook, or only says what that would take. Doing it again changes nothing. What GitLab refuses
 * for this owner, or answers oddly, is in the outcome; that GitLab is away, or limits us, is thrown.
 */
export async function installHook(
  admin: GitLabAdmin,
  target: HookTarget,
  owner: HookOwner,
  { apply, signs }: { readonly apply: boolean; readonly signs: boolean },
): Promise<OwnerOutcome> {
  const desired = desiredHook(target, owner);
  let steps: readonly HookStep[] = [];
  let signed: boolean | undefined;
  try {
    steps = planHooks(target.instance, owner, await admin.hooks(owner), desired, signs);
    if (!apply) return { owner, steps, error: undefined, signed };
    for (const step of steps) {
      const hook = await carryOut(admin, owner, desired, step);
      // GitLab before 19.0 takes a signing token without a word and keeps none.
      if (hook !== undefined) signed = hook.hasSigningToken === true;
    }
    return { owner, steps, error: undefined, signed };
  } catch (error) {
    return { owner, steps, error: ofThisOwner(error), signed };
  }
}

async function carryOut(
  admin: GitLabAdmin,
  owner: HookOwner,
  desired: Parameters<GitLabAdmin['addHook']>[1],
  step: HookStep,
): Promise<Hook | undefined> {
  switch (step.kind) {
    case 'add':
      return await admin.addHook(owner, desired);
    case 'change':
      return await admin.changeHook(owner, step.hook.id, desired);
    case 'replace': {
      // In this order, so that a hook that GitLab does not take leaves the old one, which says what is wrong.
      const hook = await admin.addHook(owner, desired);
      await admin.removeHook(owner, step.hook.id);
      return hook;
    }
    case 'remove':
      await admin.removeHook(owner, step.hook.id);
      return undefined;
    case 'keep':
      return undefined;
  }
}

/** Takes away every hook of ours that the owner has, or says which that would be. */
export async function removeHooks(
  admin: GitLabAdmin,
  target: Pick<HookTarget, 'instance'>,
  owner: HookOwner,
  { apply }: { readonly apply: boolean },
): Promise<OwnerOutcome> {
  let steps: readonly HookStep[] = [];
  try {
    const ours = (await admin.hooks(owner)).filter(({ url }) => isOurs(url, target.instance, owner));
    steps = ours.map((hook) => ({ kind: 'remove', hook }));
    if (apply) for (const { id } of ours) await admin.removeHook(owner, id);
    return { owner, steps, error: undefined, signed: undefined };
  } catch (error) {
    return { owner, steps, error: ofThisOwner(error), signed: undefined };
  }
}

/** One project that refuses us, or whose answer is an odd one, must not stop the others. */
export function ofThisOwner(error: unknown): SidebandError {
  if (isSidebandError(error) && isOfOwner(error)) return error;
  throw error;
}

/** A 500 is of one request; from 502 on nobody is there. A limit, a redirect and a silence are of all requests. */
function isOfOwner({ code, details: { status, reason } }: SidebandError): boolean {
  if (code === 'GITLAB_REFUSED' || code === 'GITLAB_NOT_FOUND') return true;
  if (code !== 'GITLAB_UNAVAILABLE') return false;
  return reason === 'malformed' || (typeof status === 'number' && status >= 400 && status <= 500);
}

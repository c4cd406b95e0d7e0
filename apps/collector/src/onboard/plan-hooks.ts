import type { InstanceName } from '@sideband/shared/names';
import type { Hook, HookOwner, HookSettings } from '../gitlab/hooks-port.ts';
import { checkHook, type HookProblem, isDescribed } from './check-hook.ts';
import { isOurs } from './desired-hook.ts';

/** What has to be done so that an owner has exactly one hook, and that as it should be. */
export type HookStep =
  | { readonly kind: 'keep'; readonly hook: Hook }
  | { readonly kind: 'add' }
  | { readonly kind: 'change'; readonly hook: Hook; readonly problems: readonly HookProblem[] }
  /** GitLab disabled it for good, and no change would bring it back: it is made anew, and then removed. */
  | { readonly kind: 'replace'; readonly hook: Hook; readonly problems: readonly HookProblem[] }
  /** A second one to the same place would tell everything twice. */
  | { readonly kind: 'remove'; readonly hook: Hook };

/** The steps, in order. A hook that is paused is left alone: GitLab tries it again by itself. */
export function planHooks(
  instance: InstanceName,
  owner: HookOwner,
  hooks: readonly Hook[],
  desired: HookSettings,
  signs: boolean,
): readonly HookStep[] {
  const ours = hooks.filter(({ url }) => isOurs(url, instance, owner));
  const [first, ...more] = [...ours].sort(
    (a, b) => Number(b.url === desired.url) - Number(a.url === desired.url) || a.id - b.id,
  );
  if (first === undefined) return [{ kind: 'add' }];
  const problems = [...checkHook(owner, first, desired, signs), ...unknownSecret(first)].filter(
    ({ mend }) => mend,
  );
  const kind = problems.some(({ reason }) => reason === 'disabled') ? 'replace' : 'change';
  const step: HookStep =
    problems.length > 0 ? { kind, hook: first, problems } : { kind: 'keep', hook: first };
  return [step, ...more.map((hook) => ({ kind: 'remove', hook }) as const)];
}

/** Written again, a hook has the present secret, and is otherwise the same. */
function unknownSecret(hook: Hook): readonly HookProblem[] {
  if (isDescribed(hook)) return [];
  return [
    { reason: 'unknown-secret', mend: true, text: 'GitLab does not say with which secret it was made' },
  ];
}

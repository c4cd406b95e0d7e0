import type { SidebandError } from '@sideband/shared/errors';
import type { Hook } from '../gitlab/hooks-port.ts';
import { isDescribed } from '../onboard/check-hook.ts';
import { describeOwner } from '../onboard/desired-hook.ts';
import type { OwnerOutcome } from '../onboard/install-hooks.ts';
import type { HookStep } from '../onboard/plan-hooks.ts';
import type { OwnerReport } from '../onboard/verify-hooks.ts';

const OWNER_WIDTH = 18;
const SECRET_UNKNOWN = ', as far as GitLab tells (not with which secret it was made)';

/** What is wrong with all of them, before they are named. */
export function renderProblems(problems: readonly string[]): string {
  return problems.map((problem) => line('PROBLEM', problem)).join('');
}

export function renderOutcome({ owner, steps, error, signed }: OwnerOutcome, applied: boolean): string {
  const name = describeOwner(owner);
  if (error !== undefined) return line(name, describeError(error));
  if (steps.length === 0) return line(name, 'has none');
  const proof =
    signed === undefined
      ? ''
      : signed
        ? ', signed'
        : ', by secret token only (GitLab keeps no signing token)';
  return steps
    .map((step) => line(name, `${describeStep(step, applied)}${step.kind === 'keep' ? '' : proof}`))
    .join('');
}

export function renderReport({ owner, hooks, error }: OwnerReport): string {
  const name = describeOwner(owner);
  if (error !== undefined) return line(name, describeError(error));
  if (hooks.length === 0) return line(name, 'has no hook');
  return hooks
    .map(({ hook, problems }) => {
      const well = `is as it should be${isDescribed(hook) ? '' : SECRET_UNKNOWN}`;
      const said = problems.length === 0 ? well : problems.map(({ text }) => text).join('; ');
      return line(name, `hook ${hook.id}: ${said}`);
    })
    .join('');
}

export function outcomeJson({ owner, steps, error, signed }: OwnerOutcome): unknown {
  return {
    owner,
    steps: steps.map((step) => ({
      kind: step.kind,
      ...(step.kind === 'add' ? {} : { hook: hookJson(step.hook) }),
      ...('problems' in step ? { problems: step.problems } : {}),
    })),
    signed: signed ?? null,
    error: errorJson(error),
  };
}

export function reportJson({ owner, hooks, error }: OwnerReport): unknown {
  return {
    owner,
    hooks: hooks.map(({ hook, problems }) => ({ ...hookJson(hook), problems })),
    error: errorJson(error),
  };
}

function describeStep(step: HookStep, applied: boolean): string {
  switch (step.kind) {
    case 'keep':
      return `keeps hook ${step.hook.id}`;
    case 'add':
      return applied ? 'has its hook now' : 'would get a hook';
    case 'replace':
    case 'change': {
      const why = step.problems.map(({ text }) => text).join('; ');
      return `${applied ? 'hook mended' : 'would mend hook'} ${step.hook.id}: ${why}`;
    }
    case 'remove':
      return `${applied ? 'hook removed' : 'would remove hook'} ${step.hook.id}`;
  }
}

function hookJson({ id, url, state, description }: Hook): object {
  return { id, url, state, description: description ?? null };
}

function errorJson(error: SidebandError | undefined): unknown {
  if (error === undefined) return null;
  const { code, message, remedy, details } = error;
  return { code, message, remedy, details };
}

function describeError({ code, message, details }: SidebandError): string {
  const { problem, status } = details;
  if (typeof problem === 'string') return `failed: ${code}: ${message} (${problem})`;
  switch (code) {
    case 'GITLAB_REFUSED':
      return `refused: ${code}: ${message} (hooks need a token with api and the role Maintainer; a group’s Owner; the instance’s an administrator)`;
    case 'GITLAB_NOT_FOUND':
      return `refused: ${code}: ${message} (the token does not see it)`;
    default:
      return `failed: ${code}: ${message} (status ${String(status)})`;
  }
}

function line(name: string, text: string): string {
  return `${name.padEnd(OWNER_WIDTH)} ${text}\n`;
}

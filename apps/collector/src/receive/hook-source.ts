import { type InstanceName, parseGroupId, parseInstanceName, parseProjectId } from '@sideband/shared/names';
import type { SourceKind } from './hook-outcome.ts';
import type { HookSource } from './hook-secret.ts';

/** One route for each kind of source; `hookPath` makes the addresses. */
export const HOOK_ROUTES = [
  ['project', '/hooks/:instance/projects/:id'],
  ['group', '/hooks/:instance/groups/:id'],
  ['system', '/hooks/:instance/system'],
  ['file', '/hooks/:instance/file'],
] as const satisfies readonly (readonly [SourceKind, string])[];

export interface HookAddress {
  readonly instance: InstanceName;
  readonly source: HookSource;
}

/** Whose hooks come in here, from the variable parts of the address. Undefined where they name nothing. */
export function parseHookAddress(
  kind: SourceKind,
  parts: { readonly instance?: string; readonly id?: string },
): HookAddress | undefined {
  const instance = parseInstanceName(parts.instance ?? '');
  const source = parseSource(kind, parts.id ?? '');
  return instance.ok && source !== undefined ? { instance: instance.value, source } : undefined;
}

function parseSource(kind: SourceKind, id: string): HookSource | undefined {
  switch (kind) {
    case 'project': {
      const project = parseProjectId(decimal(id));
      return project.ok ? { kind, project: project.value } : undefined;
    }
    case 'group': {
      const group = parseGroupId(decimal(id));
      return group.ok ? { kind, group: group.value } : undefined;
    }
    case 'system':
    case 'file':
      return { kind };
  }
}

/** One id has one form, so one source has one address: no sign, no zero before it, no exponent. */
function decimal(text: string): number {
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
}

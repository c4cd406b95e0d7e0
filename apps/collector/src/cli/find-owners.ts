import { SidebandError } from '@sideband/shared/errors';
import { parseGroupId, parseProjectId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import type { HookOwner } from '../gitlab/hooks-port.ts';
import type { Where } from './parse-command.ts';
import type { Connected } from './program.ts';

/** Whose hooks are meant; paths are looked up. Throws what GitLab's ports throw, and `CONFIG_INVALID`. */
export async function findOwners({ gitlab, admin }: Connected, where: Where): Promise<readonly HookOwner[]> {
  const owners: HookOwner[] = [];
  if (where.instance) owners.push({ kind: 'system' });
  for (const text of where.groups) {
    const group = /^\d+$/.test(text)
      ? idOf('--group', parseGroupId(Number(text)), text)
      : await admin.groupId(text);
    owners.push({ kind: 'group', group });
  }
  for (const text of where.projects) {
    const project = /^\d+$/.test(text)
      ? idOf('--project', parseProjectId(Number(text)), text)
      : await admin.projectId(text);
    owners.push({ kind: 'project', project });
  }
  if (where.instance)
    for await (const project of gitlab.projects()) owners.push({ kind: 'project', project });
  return owners;
}

function idOf<T>(
  option: string,
  id: { readonly ok: true; readonly value: T } | { readonly ok: false },
  text: string,
): T {
  if (id.ok) return id.value;
  const problems = [
    { setting: option, problem: `${quote(text)} is no id: expected a positive integer, or a path` },
  ];
  throw new SidebandError('CONFIG_INVALID', { problems });
}

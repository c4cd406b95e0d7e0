import type { ProjectRecord } from './namespaces.ts';
import type { TokenRecord } from './tokens.ts';

/** What the tokens may do in a project at most: `none` hides it (404), `guest` hides its jobs (403). */
export type Access = 'none' | 'guest' | 'reporter';
export type Role = 'guest' | 'reporter' | 'developer' | 'maintainer' | 'owner' | 'admin';

/** GitLab's `Gitlab::Access` numbers; an administrator has none of them and may do everything. */
export const accessLevels: Readonly<Record<Role | 'none', number>> = {
  none: 0,
  guest: 10,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
  admin: 60,
};

/** What the token may do in the project. */
export function levelIn(token: TokenRecord, project: ProjectRecord): number {
  const cap = project.access === 'reporter' ? accessLevels.admin : accessLevels[project.access];
  const own = token.role === 'admin' || isBelow(project.path, token.memberOf) ? accessLevels[token.role] : 0;
  return Math.min(own, cap);
}

/** As what the token is a member of the project; an administrator needs not be one, and is one as `access` says. */
export function membershipIn(token: TokenRecord, project: ProjectRecord): number {
  if (!isBelow(project.path, token.memberOf)) return 0;
  const level = accessLevels[token.role === 'admin' ? project.access : token.role];
  return Math.min(level, levelIn(token, project));
}

/** What the token may do in the group of this path. */
export function levelInGroup(token: TokenRecord, path: string): number {
  return token.role === 'admin' || isBelow(path, token.memberOf) ? accessLevels[token.role] : 0;
}

/** Whether the path is one of these or lies below one; everything lies below undefined. */
export function isBelow(path: string, ancestors: readonly string[] | undefined): boolean {
  return ancestors?.some((one) => path === one || path.startsWith(`${one}/`)) ?? true;
}

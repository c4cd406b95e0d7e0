import { type Clock, type Millis, systemClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { isAtLeast, parseGitLabVersion } from './gitlab-version.ts';
import type { GitLabAdmin, HookOwner, TokenInfo } from './hooks-port.ts';
import { createMemoryCalls, type MemoryCalls } from './memory-calls.ts';
import { createMemoryHooks, type MemoryHookPanel } from './memory-hooks.ts';

type AdminMethod = Exclude<keyof GitLabAdmin, 'instance'>;

export interface MemoryAdmin extends GitLabAdmin, MemoryHookPanel, MemoryCalls<AdminMethod> {}

export interface MemoryAdminOptions {
  readonly instance: InstanceName;
  readonly clock?: Clock;
  /** Ids by path. */
  readonly projects?: Readonly<Record<string, number>>;
  readonly groups?: Readonly<Record<string, number>>;
  /** Plays an old one: before 19.0 signing tokens are ignored, before 17.3 there is no log. Default 19.3.0-ee. */
  readonly version?: string;
  /** `unknown`: a token that cannot say what it is. Default: one for everything, without an end. */
  readonly token?: TokenInfo | 'unknown';
}

/** The in-memory twin of the adapter: same answers, same errors, nothing on the wire. */
export function createMemoryAdmin(options: MemoryAdminOptions): MemoryAdmin {
  const { clock = systemClock, version = '19.3.0-ee', token = EVERYTHING } = options;
  const projects = new Map(Object.entries(options.projects ?? {}));
  const groups = new Map(Object.entries(options.groups ?? {}));
  const numbers = parseGitLabVersion(version);
  const { begin, fail, calls } = createMemoryCalls<AdminMethod>();
  const owners: HookOwner[] = [
    ...[...projects.values()].map((id) => ({ kind: 'project', project: id as ProjectId }) as const),
    ...[...groups.values()].map((id) => ({ kind: 'group', group: id as GroupId }) as const),
  ];
  const since = (major: number, minor: number): boolean =>
    numbers !== undefined && isAtLeast(numbers, major, minor);

  return {
    instance: options.instance,

    async server() {
      begin('server');
      return { version, at: (Math.floor(clock.now() / 1_000) * 1_000) as Millis };
    },

    async token() {
      begin('token');
      if (token === 'unknown') throw notFound('personal_access_tokens/self');
      return token;
    },

    async projectId(path) {
      begin('projectId');
      return idIn(projects, path, 'projects') as ProjectId;
    },

    async groupId(path) {
      begin('groupId');
      return idIn(groups, path, 'groups') as GroupId;
    },

    ...createMemoryHooks(owners, since, begin),
    fail,
    calls,
  };
}

const EVERYTHING: TokenInfo = { name: 'sideband', scopes: ['api'], expiresAt: undefined };

/** GitLab takes an id where a path is taken. */
function idIn(ids: ReadonlyMap<string, number>, path: string, place: string): number {
  const id = ids.get(path) ?? [...ids.values()].find((one) => String(one) === path);
  if (id === undefined) throw notFound(place);
  return id;
}

function notFound(path: string): SidebandError {
  return new SidebandError('GITLAB_NOT_FOUND', { status: 404, path });
}

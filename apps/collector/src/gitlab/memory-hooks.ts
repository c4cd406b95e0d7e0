import { SidebandError } from '@sideband/shared/errors';
import { hookAttributes } from './hook-attributes.ts';
import type { GitLabAdmin, Hook, HookDelivery, HookOwner, HookSettings } from './hooks-port.ts';

type HookVerbs = Pick<GitLabAdmin, 'hooks' | 'addHook' | 'changeHook' | 'removeHook' | 'deliveries'>;
type Secrets = Pick<HookSettings, 'token' | 'signingToken'>;

export interface MemoryHookPanel {
  /** What a person or GitLab itself did to a hook: disabled it, switched an event on, … */
  alterHook(owner: HookOwner, id: number, changes: Partial<Omit<Hook, 'id'>>): void;
  /** What the hook was made or changed with; GitLab never shows these. */
  secretsOf(owner: HookOwner, id: number): Secrets;
  /** Newest first. */
  setDeliveries(owner: HookOwner, id: number, deliveries: readonly HookDelivery[]): void;
}

interface MemoryHook {
  hook: Hook;
  secrets: Secrets;
  deliveries: readonly HookDelivery[];
}

/** The hooks of the in-memory twin. `owners` there are besides the system; `begin` is called first by each verb. */
export function createMemoryHooks(
  owners: readonly HookOwner[],
  since: (major: number, minor: number) => boolean,
  begin: (method: keyof HookVerbs) => void,
): HookVerbs & MemoryHookPanel {
  const hooks = new Map<string, Map<number, MemoryHook>>();
  let lastId = 0;
  for (const owner of [...owners, { kind: 'system' } as const]) hooks.set(nameOf(owner), new Map());

  function hooksOf(owner: HookOwner): Map<number, MemoryHook> {
    return found(hooks.get(nameOf(owner)));
  }

  function find(owner: HookOwner, id: number): MemoryHook {
    return found(hooksOf(owner).get(id));
  }

  function made(owner: HookOwner, id: number, settings: HookSettings): Hook {
    const events = Object.entries(hookAttributes(owner, settings))
      .filter(([name, value]) => name.endsWith('_events') && value === true)
      .map(([name]) => name);
    return {
      id,
      url: settings.url,
      events: events.filter((name) => name !== 'project_events' || since(17, 6)),
      verifiesTls: true,
      hasToken: since(19, 0) ? true : undefined,
      hasSigningToken: since(19, 0) ? true : undefined,
      description: since(17, 1) ? settings.description : undefined,
      state: 'enabled',
      pausedUntil: undefined,
    };
  }

  return {
    async hooks(owner) {
      begin('hooks');
      return [...hooksOf(owner).values()].map(({ hook }) => hook);
    },

    async addHook(owner, settings) {
      begin('addHook');
      const ofOwner = hooksOf(owner);
      lastId += 1;
      const hook = made(owner, lastId, settings);
      ofOwner.set(lastId, { hook, secrets: secretsIn(settings), deliveries: [] });
      return hook;
    },

    async changeHook(owner, id, settings) {
      begin('changeHook');
      const known = find(owner, id);
      // A hook that GitLab disabled stays so until a test of it succeeds.
      const { state, pausedUntil } = known.hook;
      known.hook = { ...made(owner, id, settings), state, pausedUntil };
      known.secrets = secretsIn(settings);
      return known.hook;
    },

    async removeHook(owner, id) {
      begin('removeHook');
      find(owner, id);
      hooksOf(owner).delete(id);
    },

    async deliveries(owner, id) {
      begin('deliveries');
      if (owner.kind === 'system' || !since(17, 3)) return undefined;
      return hooks.get(nameOf(owner))?.get(id)?.deliveries;
    },

    alterHook(owner, id, changes) {
      const known = find(owner, id);
      known.hook = { ...known.hook, ...changes };
    },
    secretsOf: (owner, id) => find(owner, id).secrets,
    setDeliveries(owner, id, deliveries) {
      find(owner, id).deliveries = deliveries;
    },
  };
}

function nameOf(owner: HookOwner): string {
  switch (owner.kind) {
    case 'project':
      return `projects/${owner.project}`;
    case 'group':
      return `groups/${owner.group}`;
    case 'system':
      return owner.kind;
  }
}

function secretsIn({ token, signingToken }: HookSettings): Secrets {
  return { token, signingToken };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new SidebandError('GITLAB_NOT_FOUND', { status: 404 });
  return value;
}

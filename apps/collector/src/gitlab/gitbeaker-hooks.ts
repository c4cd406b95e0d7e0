import type { RequesterType } from '@gitbeaker/requester-utils';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { shapeError } from './answer-error.ts';
import { hookAttributes } from './hook-attributes.ts';
import type { GitLabAdmin, Hook, HookOwner } from './hooks-port.ts';
import { listPages } from './list-pages.ts';
import { parseHook, parseHookDelivery } from './parse-hook.ts';
import { readable } from './readable.ts';

/** GitLab allows 100 hooks a project and 50 a group; a system may have some more. */
const HOOK_PAGES = 20;
const DELIVERIES = 20;

type HookVerbs = Pick<GitLabAdmin, 'hooks' | 'addHook' | 'changeHook' | 'removeHook' | 'deliveries'>;

/**
 * The hooks of projects, groups and the system, which differ only in their address. gitbeaker’s own resources know
 * neither a hook’s name nor its signing token, nor how a system hook is changed.
 */
export function createHookVerbs(requester: RequesterType, log: Log): HookVerbs {
  return {
    async hooks(owner) {
      const path = hooksPath(owner);
      const hooks: Hook[] = [];
      for await (const page of listPages(requester, path, {}, HOOK_PAGES)) {
        // One that was left out would be missing, and installed once more by every run.
        hooks.push(...page.map((body) => hookOf({ body }, path)));
      }
      return hooks;
    },

    async addHook(owner, settings) {
      const path = hooksPath(owner);
      const body = hookAttributes(owner, settings);
      return hookOf(await sayingWhy(requester.post(path, { body })), path);
    },

    async changeHook(owner, id, settings) {
      const path = `${hooksPath(owner)}/${id}`;
      const body = hookAttributes(owner, settings);
      const hook = hookOf(await sayingWhy(requester.put(path, { body })), path);
      if (hook.id === id) return hook;
      throw shapeError(path, 'malformed', `id: is another hook’s, ${hook.id}`);
    },

    async removeHook(owner, id) {
      await requester.delete(`${hooksPath(owner)}/${id}`);
    },

    async deliveries(owner, id) {
      // The log of system hooks is to be seen in the administrator's pages only.
      if (owner.kind === 'system') return undefined;
      const path = `${hooksPath(owner)}/${id}/events`;
      try {
        const { body } = await requester.get(path, { searchParams: { perPage: DELIVERIES } });
        if (!Array.isArray(body)) throw shapeError(path, 'malformed', 'expected a list');
        return [...readable(body.slice(0, DELIVERIES), parseHookDelivery, log, { list: path })];
      } catch (error) {
        if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return undefined;
        throw error;
      }
    },
  };
}

/** Where the hooks of this owner are, below `/api/v4/`. */
function hooksPath(owner: HookOwner): string {
  switch (owner.kind) {
    case 'project':
      return `projects/${owner.project}/hooks`;
    case 'group':
      return `groups/${owner.group}/hooks`;
    case 'system':
      return 'hooks';
  }
}

function hookOf(answer: { readonly body: unknown }, path: string): Hook {
  const hook = parseHook(answer.body);
  if (hook.ok) return hook.value;
  throw shapeError(path, 'malformed', hook.error.message);
}

/** GitLab's 422 and 400 are no trouble that passes: an operator has to change the hook, or what GitLab allows. */
async function sayingWhy<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!isSidebandError(error) || ![400, 422].includes(Number(error.details['status']))) throw error;
    throw new SidebandError('GITLAB_REFUSED', {
      ...error.details,
      reason: 'hook-refused',
      problem:
        'GitLab takes no such address for a hook: it is invalid, or lies in a network GitLab may not call; or there are as many hooks as it allows',
    });
  }
}

import { Groups, PersonalAccessTokens, Projects } from '@gitbeaker/rest';
import type { Millis } from '@sideband/shared/clock';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import { parseGroupId, parseProjectId } from '@sideband/shared/names';
import type { Refusal, Result } from '@sideband/shared/result';
import { z } from 'zod';
import { shapeError } from './answer-error.ts';
import type { GitLabParts } from './gitbeaker-gitlab.ts';
import { createHookVerbs } from './gitbeaker-hooks.ts';
import { gitbeakerOptions } from './gitbeaker-options.ts';
import type { GitLabAdmin, TokenInfo } from './hooks-port.ts';
import { parseIdOf } from './parse-entry.ts';
import { readServer } from './read-server.ts';

const NAME_LIMIT = 255;

const tokenSchema = z.object({
  name: z.string().transform((name) => name.slice(0, NAME_LIMIT)),
  scopes: z.array(z.string()),
  expires_at: z.iso.date().nullish(),
});

/** What only onboarding asks of GitLab, over the same guest. */
export function createGitLabAdmin({ settings, guest, log }: GitLabParts): GitLabAdmin {
  const options = gitbeakerOptions(settings, guest);
  const projects = new Projects(options);
  const groups = new Groups(options);
  const tokens = new PersonalAccessTokens(options);

  return {
    instance: settings.instance,
    server: () => readServer(projects.requester),

    async token() {
      // Also a project's or a group's: GitLab keeps those as somebody's personal ones.
      return tokenInfo(await tokens.show().catch(rejectUnable));
    },

    async projectId(path) {
      return idOf(await projects.show(path), parseProjectId, 'projects');
    },

    async groupId(path) {
      // Without this the answer would hold a hundred of its projects.
      const answer = await groups.show(path, { withProjects: false });
      return idOf(answer, parseGroupId, 'groups');
    },

    ...createHookVerbs(projects.requester, log),
  };
}

function idOf<T>(answer: unknown, parseId: (id: unknown) => Result<T, Refusal>, path: string): T {
  const id = parseIdOf(answer, parseId);
  if (id.ok) return id.value;
  throw shapeError(path, 'malformed', id.error.message);
}

/** An OAuth token is none that GitLab could describe there: 400. */
function rejectUnable(error: unknown): never {
  if (isSidebandError(error) && error.details['status'] === 400) {
    throw new SidebandError('GITLAB_NOT_FOUND', error.details);
  }
  throw error;
}

function tokenInfo(answer: unknown): TokenInfo {
  const parsed = tokenSchema.safeParse(answer);
  if (!parsed.success) {
    throw shapeError('personal_access_tokens/self', 'malformed', 'expected name, scopes and expires_at');
  }
  const { name, scopes, expires_at: expiresAt } = parsed.data;
  // GitLab refuses it from the first moment of that day on, in UTC.
  return { name, scopes, expiresAt: expiresAt ? (Date.parse(expiresAt) as Millis) : undefined };
}

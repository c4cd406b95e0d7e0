import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { ProjectId, RunnerId } from '@sideband/shared/names';
import type { GitLab } from '../gitlab/port.ts';
import { isGitLabsFailure } from './gitlabs-failure.ts';
import type { PollMemory } from './poll-memory.ts';
import type { PollRunners } from './poll-runners.ts';

export interface ListParts {
  readonly memory: Pick<PollMemory, 'seenProjects'>;
  readonly pollRunners: PollRunners;
  readonly log: Log;
}

interface ProjectList {
  /** By id, each once. */
  readonly projects: readonly ProjectId[];
  /** Neither list failed. */
  readonly isWhole: boolean;
}

/**
 * The projects to poll: those the token is a member of, and those whose jobs the runners took that it may see. Throws
 * `GITLAB_RATE_LIMITED`, `REDIS_UNAVAILABLE` and the reason of the signal; other failures of GitLab leave out what
 * cannot be known, projects that were seen through runners before are still listed.
 */
export async function listProjects(
  { memory, pollRunners, log }: ListParts,
  gitlab: GitLab,
  runnersDone: Set<RunnerId>,
): Promise<ProjectList> {
  const { instance } = gitlab;
  const projects = new Set<ProjectId>();
  let isWhole = true;

  async function ask(what: string, list: () => Promise<void>): Promise<void> {
    try {
      await list();
    } catch (error) {
      if (!isGitLabsFailure(error) || isSidebandError(error, 'GITLAB_RATE_LIMITED')) throw error;
      log.warn({ instance, what, err: error }, 'Projects could not be listed');
      isWhole = false;
    }
  }

  await ask('membership', async () => {
    for await (const project of gitlab.projects()) projects.add(project);
  });
  // Another list of a GitLab that does not answer would cost a time-out more.
  if (isWhole) await ask('runners', () => pollRunners(gitlab, runnersDone));
  for (const project of await memory.seenProjects(instance)) projects.add(project);
  return { projects: [...projects].sort((a, b) => a - b), isWhole };
}

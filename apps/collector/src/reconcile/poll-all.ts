import { isSidebandError, type SidebandError } from '@sideband/shared/errors';
import type { InstanceName } from '@sideband/shared/names';
import type { GitLab } from '../gitlab/port.ts';
import { type InstanceParts, type InstancePoll, type Pace, pollInstance } from './poll-instance.ts';
import type { InstanceRound } from './round.ts';
import { settleAll } from './settle-all.ts';

interface AllPolls {
  readonly polls: readonly InstancePoll[];
  /** The GitLabs that were not polled to the end. */
  readonly limits: ReadonlyMap<InstanceName, SidebandError>;
}

/**
 * Polls all GitLabs at a time, so that a limit of one delays no other. Throws `REDIS_UNAVAILABLE` and the signal's
 * reason.
 */
export async function pollAll(
  parts: InstanceParts,
  gitlabs: ReadonlyMap<InstanceName, GitLab>,
  roundOf: (instance: InstanceName) => InstanceRound,
  pace: Pace,
): Promise<AllPolls> {
  const limits = new Map<InstanceName, SidebandError>();

  async function poll(gitlab: GitLab): Promise<readonly InstancePoll[]> {
    try {
      return [await pollInstance(parts, gitlab, roundOf(gitlab.instance), pace)];
    } catch (error) {
      if (!isSidebandError(error, 'GITLAB_RATE_LIMITED')) throw error;
      limits.set(gitlab.instance, error);
      return [];
    }
  }

  const polls = await settleAll(Array.from(gitlabs.values(), poll));
  return { polls: polls.flat(), limits };
}

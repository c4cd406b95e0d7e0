import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { Redis } from 'ioredis';
import type { GitLabConfig } from './config-gitlab.ts';
import { connectGitLab } from './gitlab/connect-gitlab.ts';
import type { RequestOutcome } from './gitlab/guest/request-outcome.ts';
import { createSharedBudget } from './gitlab/guest/shared-budget.ts';
import type { GitLabAdmin } from './gitlab/hooks-port.ts';
import type { GitLab } from './gitlab/port.ts';
import type { GitLabMetrics } from './metrics/gitlab-figures.ts';

export interface ConnectedGitLabs {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly admins: ReadonlyMap<InstanceName, GitLabAdmin>;
  /** Calls when a GitLab answers again that was left alone because it failed. */
  whenBack(call: (instance: InstanceName) => void): void;
  close(): Promise<void>;
}

interface Surroundings {
  /** Of the role `request`: the budget of requests is all collectors'. */
  readonly redis: Redis;
  readonly metrics: GitLabMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every GitLab that is configured, each with its budget. Asks nothing yet. */
export function connectGitLabs(
  settings: readonly GitLabConfig[],
  { redis, metrics, clock, log }: Surroundings,
): ConnectedGitLabs {
  const waiting: ((instance: InstanceName) => void)[] = [];
  const isLeftAlone = new Set<InstanceName>();

  function asked(instance: InstanceName, outcome: RequestOutcome): void {
    metrics.gitLabAsked(instance, outcome);
    if (outcome.status === 'circuit-open') isLeftAlone.add(instance);
    if (typeof outcome.status !== 'number' || outcome.status >= 500) return;
    if (isLeftAlone.delete(instance)) for (const call of waiting) call(instance);
  }

  const connections = settings.map((gitLab) => {
    const { instance, requestsPerMinute } = gitLab;
    const connection = connectGitLab(gitLab, {
      budget: createSharedBudget({ redis, instance, requestsPerMinute, clock, log }),
      ...{ clock, log, random: Math.random },
      onRequest: (outcome) => asked(instance, outcome),
      onTraceBytes: (bytes) => metrics.traceBytesRead(instance, bytes),
    });
    return { instance, ...connection };
  });
  return {
    gitlabs: new Map(connections.map(({ instance, gitlab }) => [instance, gitlab])),
    admins: new Map(connections.map(({ instance, admin }) => [instance, admin])),
    whenBack: (call) => void waiting.push(call),
    async close() {
      await Promise.all(connections.map(({ close }) => close()));
    },
  };
}

import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { Redis } from 'ioredis';
import type { Budget } from './budget.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { createRedisBudget } from './redis-budget.ts';

/**
 * The budget of all collectors together; while Redis is away, each has the whole of it for itself. `redis` is of the
 * role `request`: who wants a permit must not wait for Redis. Throws nothing.
 */
export function createSharedBudget(parts: {
  readonly redis: Redis;
  readonly instance: InstanceName;
  readonly requestsPerMinute: number;
  readonly clock: Clock;
  readonly log: Log;
}): Budget {
  const { redis, instance, requestsPerMinute, clock, log } = parts;
  const shared = createRedisBudget(redis, instance, requestsPerMinute);
  const own = createMemoryBudget(requestsPerMinute, clock);
  let isAlone = false;

  async function preferShared<T>(ask: (budget: Budget) => Promise<T>): Promise<T> {
    try {
      const answer = await ask(shared);
      if (isAlone) log.info({ instance }, 'The budget of requests to GitLab is shared again');
      isAlone = false;
      return answer;
    } catch (error) {
      if (!isSidebandError(error, 'REDIS_UNAVAILABLE')) throw error;
      if (!isAlone) log.warn({ instance }, 'The budget of requests to GitLab is this process’s own for now');
      isAlone = true;
      return ask(own);
    }
  }

  return {
    take: () => preferShared((budget) => budget.take()),
    left: () => preferShared((budget) => budget.left()),
    async hold(milliseconds) {
      // Ours as well: Redis may be gone the next moment.
      await own.hold(milliseconds);
      await preferShared((budget) => budget.hold(milliseconds));
    },
  };
}

import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';

/** Whether Redis is away, said once when it goes and once when it is back. */
export interface Outage {
  isAway(): boolean;
  /** Throws every other error: only Redis being away is expected. */
  noticed(error: unknown): void;
  over(): void;
}

/** `ageMs`: how old what is worked from meanwhile is; undefined where it never came from Redis. */
export function createOutage(log: Log, ageMs: () => number | undefined): Outage {
  let isAway = false;
  return {
    isAway: () => isAway,
    noticed: (error) => {
      if (!isSidebandError(error, 'REDIS_UNAVAILABLE')) throw error;
      if (!isAway) {
        log.warn({ err: error, ageMs: ageMs() }, 'Redis is away; the evidence is what this host knows');
      }
      isAway = true;
    },
    over: () => {
      if (isAway) log.info('Redis is back');
      isAway = false;
    },
  };
}

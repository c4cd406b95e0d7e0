import { type Clock, msLeft } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';

export interface Rounds {
  start(): void;
  /** Somebody else made a check: the next of its own comes a whole round later. */
  checked(): void;
  stop(): void;
  /** Resolves when no check of its own is under way. */
  idle(): Promise<void>;
}

/** A check that the queue schedules is waited for half as long again, so that there are not two of them. */
const PATIENCE = 1.5;

/**
 * The host's own schedule of checks. Where there is Redis, the queue's scheduled check comes first each time; alone,
 * or while Redis is away, the host checks by itself.
 */
export function createRounds(parts: {
  readonly everyMs: number;
  readonly hasQueue: boolean;
  readonly check: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}): Rounds {
  const { everyMs, hasQueue, check, clock, log } = parts;
  const roundMs = hasQueue ? everyMs * PATIENCE : everyMs;
  let last: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();

  const leftMs = (): number => msLeft(last, roundMs, clock);
  const round = async (): Promise<void> => {
    if (leftMs() > 0) return;
    last = clock.now();
    await check().catch((error: unknown) => log.error({ err: error }, 'A check failed'));
  };
  const next = (): void => {
    timer = setTimeout(() => {
      current = round().then(() => {
        if (timer !== undefined) next();
      });
    }, leftMs());
  };
  return {
    start: () => {
      if (hasQueue) last = clock.now();
      next();
    },
    checked: () => {
      last = clock.now();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
    idle: () => current,
  };
}

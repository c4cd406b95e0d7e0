import { type Clock, type Millis, msLeft } from '@sideband/shared/clock';

/** A hook need not wait for an answer of Redis to know whether the queue is long. */
const ASK_EVERY_MS = 1_000;

/**
 * How many events wait, as it was when it was asked last, about a second ago. Asked only while somebody wants to
 * know; undefined before the first answer and after one that failed.
 */
export function createQueueDepth(probe: () => Promise<number>, clock: Clock): () => number | undefined {
  let last: number | undefined;
  let askedAt: Millis | undefined;

  async function ask(): Promise<void> {
    try {
      last = await probe();
    } catch {
      // Who then adds an event hears of it himself.
      last = undefined;
    }
  }

  return () => {
    if (msLeft(askedAt, ASK_EVERY_MS, clock) === 0) {
      askedAt = clock.now();
      void ask();
    }
    return last;
  };
}

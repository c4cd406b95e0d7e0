import { type Clock, type Millis, msLeft } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';

/** A hook need not wait for an answer of Redis to know whether the queue is long. */
const ASK_EVERY_MS = 1_000;

interface Depth {
  askedAt: Millis | undefined;
  waiting: number | undefined;
}

/**
 * How many events of a GitLab wait, as it was when it was asked last, about a second ago. Asked only while somebody
 * wants to know; undefined before the first answer and after one that failed.
 */
export function createQueueDepth(
  probe: (instance: InstanceName) => Promise<number>,
  clock: Clock,
): (instance: InstanceName) => number | undefined {
  const depths = new Map<InstanceName, Depth>();

  async function ask(instance: InstanceName, depth: Depth): Promise<void> {
    try {
      depth.waiting = await probe(instance);
    } catch {
      // Who then adds an event hears of it himself.
      depth.waiting = undefined;
    }
  }

  return (instance) => {
    const depth = depths.get(instance) ?? { askedAt: undefined, waiting: undefined };
    depths.set(instance, depth);
    if (msLeft(depth.askedAt, ASK_EVERY_MS, clock) === 0) {
      depth.askedAt = clock.now();
      void ask(instance, depth);
    }
    return depth.waiting;
  };
}

import type { InstanceName } from '@sideband/shared/names';
import type { ShedReason } from './hook-outcome.ts';

/** How much a collector has in hand before it sends hooks away. */
export interface ShedLimits {
  /** Requests that are not answered yet. */
  readonly requests: number;
  /** What their bodies may take together: the length that is declared, else the most that one may have. */
  readonly bytes: number;
  /** Events of one GitLab that wait to be resolved, over all collectors. */
  readonly waiting: number;
}

/**
 * A hook is answered within milliseconds, so 256 at a time is a stall and not a busy hour. The bytes hold two of the
 * largest bodies that GitLab sends; a job's hook has 5 kB. 100,000 waiting events are some 100 MB of Redis and hours
 * of work: reconcile is the better way to that much.
 */
export const SHED_LIMITS: ShedLimits = { requests: 256, bytes: 64 * 1024 * 1024, waiting: 100_000 };

export interface Shed {
  /**
   * Lets a request in and answers with what is to be called once when it is over; else with the reason why it must go.
   * Senders whose body must be read to know them get half: they cannot use up what GitLab has.
   */
  enter(instance: InstanceName, bytes: number, isKnown: boolean): (() => void) | ShedReason;
}

/**
 * `waiting` answers at once, from what was heard last of this GitLab; undefined where nothing is known. A long queue of
 * one GitLab sends nobody of another away.
 */
export function createShed(
  limits: ShedLimits,
  waiting: (instance: InstanceName) => number | undefined,
): Shed {
  const inHand = { requests: 0, bytes: 0 };
  const ofUnknown = { requests: 0, bytes: 0 };

  return {
    enter(instance, bytes, isKnown) {
      if ((waiting(instance) ?? 0) > limits.waiting) return 'queue';
      const counts = isKnown ? [inHand] : [inHand, ofUnknown];
      const part = (count: typeof inHand): number => (count === ofUnknown ? 0.5 : 1);
      if (counts.some((count) => count.requests >= limits.requests * part(count))) return 'requests';
      if (counts.some((count) => count.bytes + bytes > limits.bytes * part(count))) return 'bytes';
      add(counts, 1, bytes);
      return () => add(counts, -1, -bytes);
    },
  };
}

function add(counts: readonly { requests: number; bytes: number }[], requests: number, bytes: number): void {
  for (const count of counts) {
    count.requests += requests;
    count.bytes += bytes;
  }
}

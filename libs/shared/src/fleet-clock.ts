import type { Clock, Millis } from './clock.ts';

/** One time for all hosts: Redis's. */
export interface FleetClock extends Clock {
  /** A time that this machine's clock gave, as the fleet counts it. */
  correct(at: Millis): Millis;
  /** Compares this machine's clock with Redis's. Throws nothing: while Redis is away, the last difference counts. */
  measure(): Promise<void>;
  /** How far Redis's clock is ahead of this machine's: 0 until it was measured. */
  offsetMs(): number;
}

/** A difference below this is no news: evidence is compared in minutes, and time should not jitter. */
const NEWS_MS = 1_000;

/**
 * This machine's clock, corrected by Redis's. `now()` may go back when a correction or the machine's own clock does;
 * evidence only ever moves forward and the planner cuts at now, so that costs nothing. Held up until the right time had
 * come, a clock that once was a day ahead would stand still for that day, and no lease or grace would end.
 */
export function createFleetClock(system: Clock, redisTime: () => Promise<Millis>): FleetClock {
  let offset = 0;
  const correct = (at: Millis): Millis => (at + offset) as Millis;
  return {
    correct,
    now: () => correct(system.now()),
    offsetMs: () => offset,
    async measure() {
      const sent = system.now();
      const theirs = await redisTime().catch(() => Number.NaN);
      const received = system.now();
      const uncertainty = (received - sent) / 2;
      // The machine's clock was set back meanwhile, or Redis said no time.
      if (uncertainty < 0 || !Number.isFinite(theirs)) return;
      const measured = Math.round(theirs - (sent + uncertainty));
      // After a slow answer the middle is a guess, good to half the round trip.
      if (Math.abs(measured - offset) > Math.max(NEWS_MS, uncertainty)) offset = measured;
    },
  };
}

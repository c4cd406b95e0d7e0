import type { Brand } from './brand.ts';

/** A moment: milliseconds since 1970, UTC. */
export type Millis = Brand<number, 'Millis'>;

export interface Clock {
  now(): Millis;
}

export const systemClock: Clock = { now: () => Date.now() as Millis };

/**
 * How much is left of a span that began then, in milliseconds; 0 when it is over or never began. A clock that was set
 * back must not make it longer: then it is over.
 */
export function msLeft(since: number | undefined, spanMs: number, clock: Clock): number {
  const passed = since === undefined ? spanMs : clock.now() - since;
  return passed < 0 ? 0 : Math.max(0, spanMs - passed);
}

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now(): Millis {
    return this.#now as Millis;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

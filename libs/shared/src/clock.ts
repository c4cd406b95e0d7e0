import type { Brand } from './brand.ts';

/** A moment: milliseconds since 1970, UTC. */
export type Millis = Brand<number, 'Millis'>;

export interface Clock {
  now(): Millis;
}

export const systemClock: Clock = { now: () => Date.now() as Millis };

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

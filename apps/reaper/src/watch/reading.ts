import type { Clock } from '@sideband/shared/clock';

/** One of the engine's lists, kept until it is dropped. */
export interface Reading<T> {
  /** Asks the engine. Those who ask while it answers share its answer, unless the list was dropped in between. */
  read(): Promise<T>;
  /** What was read last, if it was not dropped since. */
  kept(): T | undefined;
  /** Of what is kept, counted from the question; without end where nothing is, or the clock was set back. */
  ageMs(): number;
  /** Also what is being read: it may have been true before. */
  drop(): void;
}

export function createReading<T>(ask: () => Promise<T>, clock: Clock): Reading<T> {
  let kept: { readonly value: T; readonly askedAt: number } | undefined;
  let asked: Promise<T> | undefined;

  async function askNow(): Promise<T> {
    const askedAt = clock.now();
    const own = ask();
    asked = own;
    try {
      const value = await own;
      if (asked === own) kept = { value, askedAt };
      return value;
    } finally {
      if (asked === own) asked = undefined;
    }
  }

  return {
    read: () => asked ?? askNow(),
    kept: () => kept?.value,
    ageMs: () => {
      const age = kept === undefined ? Number.POSITIVE_INFINITY : clock.now() - kept.askedAt;
      return age < 0 ? Number.POSITIVE_INFINITY : age;
    },
    drop: () => {
      kept = undefined;
      asked = undefined;
    },
  };
}

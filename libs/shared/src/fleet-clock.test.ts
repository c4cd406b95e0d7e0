import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock, type Millis } from './clock.ts';
import { createFleetClock } from './fleet-clock.ts';

const START = Date.UTC(2026, 10, 22);
const HOUR = 3_600_000;

/** A machine and a Redis whose clock is ahead by `ahead`, `tripMs` away. */
function machine(options: { ahead: number; tripMs?: number }) {
  const system = new ManualClock(START);
  const link = { ahead: options.ahead, tripMs: options.tripMs ?? 10, isAway: false };
  const clock = createFleetClock(system, async () => {
    system.advance(link.tripMs / 2);
    const theirs = (system.now() + link.ahead) as Millis;
    system.advance(link.tripMs / 2);
    if (link.isAway) throw new Error('away');
    return theirs;
  });
  return { system, link, clock };
}

test('is the machine’s own until it was measured, then Redis’s', async () => {
  const { system, clock } = machine({ ahead: -HOUR });
  expect([clock.now(), clock.offsetMs()]).toEqual([system.now(), 0]);
  await clock.measure();
  expect(clock.offsetMs()).toBe(-HOUR);
  expect(clock.now()).toBe(system.now() - HOUR);
  expect(clock.correct(START as Millis)).toBe(START - HOUR);
});

test('corrects any difference to within a second, over any round trip of the same length both ways', async () => {
  const differences = fc.integer({ min: -400 * 24 * HOUR, max: 400 * 24 * HOUR });
  await fc.assert(
    fc.asyncProperty(differences, fc.integer({ min: 0, max: 1_000 }), async (ahead, halfTripMs) => {
      const { system, clock } = machine({ ahead, tripMs: 2 * halfTripMs });
      await clock.measure();
      expect(Math.abs(clock.now() - (system.now() + ahead))).toBeLessThanOrEqual(1_000);
    }),
  );
});

describe('stays as it is', () => {
  test('for a difference of less than a second, also when it adds up slowly', async () => {
    const { link, clock } = machine({ ahead: 5_000 });
    await clock.measure();
    link.ahead = 5_600;
    await clock.measure();
    expect(clock.offsetMs()).toBe(5_000);
    link.ahead = 6_200;
    await clock.measure();
    expect(clock.offsetMs()).toBe(6_200);
  });

  test('while Redis is away', async () => {
    const { link, clock } = machine({ ahead: HOUR });
    await clock.measure();
    link.isAway = true;
    link.ahead = 0;
    await clock.measure();
    expect(clock.offsetMs()).toBe(HOUR);
  });

  test('for a difference smaller than what a slow answer leaves uncertain', async () => {
    const { link, clock } = machine({ ahead: 3_000, tripMs: 8_000 });
    await clock.measure();
    expect(clock.offsetMs()).toBe(0);
    link.ahead = HOUR;
    await clock.measure();
    expect(clock.offsetMs()).toBe(HOUR);
  });

  test('when the machine’s clock is set back during the measurement, or Redis says no time', async () => {
    const system = new ManualClock(START);
    const setBack = createFleetClock(system, async () => {
      system.advance(-HOUR);
      return START as Millis;
    });
    await setBack.measure();
    expect(setBack.offsetMs()).toBe(0);
    const noTime = createFleetClock(system, async () => Number.NaN as Millis);
    await noTime.measure();
    expect(noTime.offsetMs()).toBe(0);
  });
});

test('goes back when its correction was wrong, rather than stand still until that time has come', async () => {
  const { system, link, clock } = machine({ ahead: 24 * HOUR });
  await clock.measure();
  const wrong = clock.now();
  link.ahead = 0;
  await clock.measure();
  expect(clock.now()).toBeLessThan(wrong);
  expect(clock.now()).toBe(system.now());
});

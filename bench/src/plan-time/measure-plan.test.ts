import { expect, test } from 'vitest';
import { measurePlan } from './measure-plan.ts';

test('plan and peer are timed in turns, on a host where something has to go', () => {
  // A stopwatch under which each plan takes 30 µs and each sort 10.
  const steps = [0, 30, 10];
  let calls = 0;
  let now = 0;
  const microseconds = (): number => {
    now += steps[calls % 3] ?? 0;
    calls += 1;
    return now;
  };
  const measured = measurePlan({ images: 100, rounds: 20, microseconds });

  expect(measured).toMatchObject({
    ...{ images: 100, rounds: 20 },
    plan: { medianMicros: 30, p99Micros: 30 },
    sortByDate: { medianMicros: 10, p99Micros: 10 },
    ratio: { median: 3, p99: 3 },
  });
  expect(measured.evictions).toBeGreaterThan(5);
  expect(measured.evictions).toBeLessThan(50);
});

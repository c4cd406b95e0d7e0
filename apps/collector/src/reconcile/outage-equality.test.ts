import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CALM, type Disturbance, liveThrough } from './outage.suite.ts';
import type { DayJob } from './outage-day.suite.ts';

const LAST_MINUTE = 23 * 60;
const minute = fc.integer({ min: 0, max: LAST_MINUTE });
/** Pipelines make many jobs at a time, here ten minutes before a poll. */
const together = fc.integer({ min: 0, max: 11 }).map((turn) => turn * 120 + 50);

const dayJob: fc.Arbitrary<DayJob> = fc.record({
  project: fc.integer({ min: 0, max: 1 }),
  name: fc.integer({ min: 0, max: 3 }),
  manager: fc.integer({ min: 0, max: 2 }),
  image: fc.integer({ min: 1, max: 6 }),
  createdAt: fc.oneof(minute, together),
  commitMinutes: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 55 }) },
  ),
  waits: fc.constantFrom('pending', 'pending', 'manual', 'skipped'),
  startsAfter: fc.option(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 900 })), {
    nil: undefined,
    freq: 6,
  }),
  runsFor: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 300 })),
});

const span = fc
  .tuple(minute, fc.integer({ min: 1, max: 8 * 60 }))
  .map(([from, length]) => [from, from + length] as const);
const delivery = fc.oneof(
  { weight: 5, arbitrary: fc.constant([0]) },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 3 }) },
);

const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  hooksLost: fc.array(span, { maxLength: 3 }),
  away: fc.array(span, { maxLength: 3 }),
  gitlabAway: fc.array(span, { maxLength: 2 }),
  tracesAway: fc.array(span, { maxLength: 2 }),
  deliveries: fc.array(delivery, { minLength: 1, maxLength: 20 }),
  forgetsAt: fc.option(minute, { nil: undefined, freq: 3 }),
});

it('leaves the evidence that it would have left, whatever was lost, late, twice, or out of order', async () => {
  const days = fc.array(dayJob, { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(days, disturbance, async (jobs, outages) => {
      expect(await liveThrough(jobs, outages)).toEqual(await liveThrough(jobs, CALM));
    }),
    { numRuns: 60 },
  );
}, 120_000);

it('is compared by something: a day without outages leaves uses on every host', async () => {
  const jobs = [0, 1, 2].map((manager) => ({
    ...{ project: 0, name: manager, manager, image: 2, createdAt: 30, commitMinutes: 0 },
    ...{ waits: 'pending' as const, startsAfter: 1, runsFor: 5 },
  }));
  const use = { at: Date.UTC(2026, 10, 21, 0, 36), role: 'build', source: 'trace' };
  expect(await liveThrough(jobs, CALM)).toMatchObject(
    ['one', 'two', 'late'].map((host) => ({
      host,
      lastUses: [
        ['registry.example/app:2', use],
        [`sha256:${'2'.repeat(64)}`, use],
      ],
      // What is parked is parked once more as pulled, without the id.
      recordedUses: host === 'late' ? [use, use] : [use],
      repullable: ['registry.example/app:2'],
      leases: [],
    })),
  );
});

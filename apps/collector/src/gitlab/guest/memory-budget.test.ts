import { ManualClock } from '@sideband/shared/clock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BudgetCase, describeBudget } from './budget.suite.ts';
import { createMemoryBudget } from './memory-budget.ts';

const START = Date.UTC(2026, 2, 1);
let budgets: BudgetCase;

beforeEach(() => {
  const clock = new ManualClock(START);
  budgets = {
    open: (_, requestsPerMinute) => createMemoryBudget(requestsPerMinute, clock),
    pass: async (milliseconds) => clock.advance(milliseconds),
  };
});

describe('the budget in memory', () => {
  describeBudget(() => budgets);
});

test('however it is asked, it never gives more than the burst and what came back meanwhile', async () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3_000 }), steps, async (rate, pauses) => {
      const clock = new ManualClock(START);
      const budget = createMemoryBudget(rate, clock);
      const burst = Math.max(1, Math.floor(rate / 10));
      let given = 0;
      for (const pause of pauses) {
        clock.advance(pause);
        if ((await budget.take()) === 0) given += 1;
        // A hundredth for what doubles cannot hold.
        expect(given).toBeLessThanOrEqual(burst + ((clock.now() - START) * rate) / 60_000 + 0.01);
      }
    }),
  );
});

test('whenever it says to wait, there is a permit after the wait', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 0, max: 99 }),
      async (rate, offset) => {
        const clock = new ManualClock(START + offset);
        const budget = createMemoryBudget(rate, clock);
        let wait = 0;
        while (wait === 0) wait = await budget.take();
        clock.advance(wait);
        expect(await budget.take()).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

test('a clock that is set back does not hold it for longer', async () => {
  const clock = new ManualClock(START);
  const budget = createMemoryBudget(60, clock);
  while ((await budget.take()) === 0);
  await budget.hold(60_000);
  clock.advance(-86_400_000);
  expect(await budget.take()).toBeLessThanOrEqual(1_000);
});

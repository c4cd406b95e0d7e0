import { isSidebandError } from '@sideband/shared/errors';
import { expect, test } from 'vitest';
import type { Budget } from './budget.ts';
import { waitForPermit } from './wait-for-permit.ts';

/** A budget that answers so, one after the other. */
function budgetOf(answers: readonly number[]): Budget {
  const rest = [...answers];
  return { take: async () => rest.shift() ?? 0, hold: async () => undefined, left: async () => 0 };
}

async function wait(answers: readonly number[]): Promise<{ pauses: number[]; error: unknown }> {
  const pauses: number[] = [];
  const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
  const error: unknown = await waitForPermit(budgetOf(answers), pause, 'projects').catch((thrown) => thrown);
  return { pauses, error };
}

test('waits as often as it is told to, up to 10 s in all', async () => {
  expect(await wait([])).toEqual({ pauses: [], error: undefined });
  expect(await wait([4_000, 5_000, 1_000])).toEqual({ pauses: [4_000, 5_000, 1_000], error: undefined });
});

test('what takes longer is left to the queue at once', async () => {
  const { pauses, error } = await wait([4_000, 6_001]);
  expect(pauses).toEqual([4_000]);
  expect(isSidebandError(error, 'GITLAB_RATE_LIMITED')).toBe(true);
  expect(error).toMatchObject({ retryAfterMs: 6_001, details: { path: 'projects', reason: 'budget' } });
});

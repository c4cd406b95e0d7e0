import { loadWeek } from '@sideband/infra/demo/week/load-week';
import { simulate } from '@sideband/infra/demo/week/simulate';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replayProduct } from './replay-product.ts';
import { aWeek, HOUR, MINUTE } from './tiny-week.suite.ts';

let state: TemporaryDirectory;
beforeEach(async () => {
  state = await temporaryDirectory('bench');
});
afterEach(() => state.remove());

describe('Sideband', () => {
  // A thousand cycles with their files: about two seconds, more where the machine is shared.
  it.each([600e6, 800e6])(
    'does with %d bytes exactly what evicting by last use does',
    { timeout: 60_000 },
    async (capacityBytes) => {
      const week = await loadWeek();
      const cost = await replayProduct(week, { capacityBytes, highPercent: 90, lowPercent: 80 }, state.path);

      const { sequence, ...lru } = simulate(week, { capacityBytes, high: 0.9, low: 0.8, rankBy: 'use' });
      expect(cost).toEqual(lru);
      expect(cost.repulls).toBeGreaterThan(0);
    },
  );

  // With the state directory left, an emptied Redis costs nothing: the demonstration's week shows that. This is the
  // worst: what is on the host is of unknown origin from then on, and only what is pulled again may go.
  it('pulls 11 images more in the week in which it loses Redis and the state directory together', {
    timeout: 60_000,
  }, async () => {
    const week = await loadWeek();
    const marks = { capacityBytes: 600e6, highPercent: 90, lowPercent: 80 };
    const middle = Math.floor(week.events.length / 2);
    const { repulls } = simulate(week, { capacityBytes: 600e6, high: 0.9, low: 0.8, rankBy: 'use' });
    expect(repulls).toBe(82);
    expect(await replayProduct(week, marks, state.path, middle)).toMatchObject({ repulls: 93 });
  });

  it('makes room for a pull that does not fit', async () => {
    const turns = aWeek({ 1: 80, 2: 80 }, [
      [0, 1],
      [HOUR, 2],
      [2 * HOUR, 1],
    ]);
    const marks = { capacityBytes: 100, highPercent: 90, lowPercent: 60 };
    expect(await replayProduct(turns, marks, state.path)).toEqual({
      ...{ pulls: 3, repulls: 1, bytesPulled: 240, bytesRepulled: 80, fullBeforePull: 2 },
    });
  });

  it('refuses a disk that cannot hold what is in use', async () => {
    const together = aWeek({ 1: 60, 2: 60 }, [
      [0, 1],
      [10 * MINUTE, 2],
    ]);
    const marks = { capacityBytes: 100, highPercent: 90, lowPercent: 60 };
    await expect(replayProduct(together, marks, state.path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

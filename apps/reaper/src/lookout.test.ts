import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CycleResult } from './cycle.ts';
import { createLookout } from './lookout.ts';
import { aDisk, aPolicy, NOW } from './plan/snapshot.suite.ts';

const EVERY_MS = 5_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Marks: low below 200 free bytes, an emergency below 50. */
function aLookout(cycleEndsIn: () => string) {
  const clock = new ManualClock(NOW);
  const disk = { free: 500, fails: false };
  const calls = { cycles: 0, looks: 0 };
  const lookout = createLookout({
    disk: {
      read: async () => {
        calls.looks += 1;
        if (disk.fails) throw new SidebandError('DISK_UNREADABLE');
        return [aDisk(disk.free)];
      },
    },
    policy: aPolicy(),
    cycle: async (): Promise<CycleResult> => {
      calls.cycles += 1;
      return { state: cycleEndsIn(), planned: 0, evicted: 0, bytes: 0, evidence: 'fresh' };
    },
    clock,
    log: silentLog(),
    everyMs: EVERY_MS,
  });
  const looks = async (count: number): Promise<number> => {
    for (let look = 0; look < count; look += 1) {
      clock.advance(EVERY_MS);
      await vi.advanceTimersByTimeAsync(EVERY_MS);
    }
    return calls.cycles;
  };
  lookout.start();
  return { lookout, disk, calls, looks };
}

describe('the look at the disk', () => {
  it('asks the engine for nothing while there is room, and none at all once it is stopped', async () => {
    const { looks, calls, lookout } = aLookout(() => 'healthy');
    expect(await looks(10)).toBe(0);
    expect(calls.looks).toBe(10);
    lookout.stop();
    await looks(5);
    expect(calls.looks).toBe(10);
  });

  it('makes a check at the very look that finds the disk low', async () => {
    const { looks, disk } = aLookout(() => 'healthy');
    await looks(1);
    disk.free = 150;
    expect(await looks(1)).toBe(1);
  });

  it('waits a minute after a check that could not make room, but not when an emergency begins', async () => {
    const { looks, disk } = aLookout(() => 'low');
    disk.free = 150;
    expect(await looks(10)).toBe(1);
    disk.free = 10;
    expect(await looks(1)).toBe(2);
    expect(await looks(10)).toBe(2);
    expect(await looks(3)).toBe(3);
  });

  it('goes on looking after a failure', async () => {
    const { looks, disk } = aLookout(() => 'healthy');
    disk.fails = true;
    expect(await looks(2)).toBe(0);
    disk.fails = false;
    disk.free = 150;
    expect(await looks(12)).toBeGreaterThan(0);
  });
});

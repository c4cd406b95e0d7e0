import { ManualClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRounds } from './rounds.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function someRounds(hasQueue: boolean, check: () => Promise<unknown> = async () => undefined) {
  const clock = new ManualClock(1_000_000);
  const counted = { checks: 0 };
  const rounds = createRounds({
    everyMs: 60_000,
    hasQueue,
    check: () => {
      counted.checks += 1;
      return check();
    },
    clock,
    log: silentLog(),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      clock.advance(1_000);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
  return { rounds, counted, pass, clock };
}

test('alone: a check at once and then one a round', async () => {
  const { rounds, counted, pass } = someRounds(false);
  rounds.start();
  await pass(1_000);
  expect(counted.checks).toBe(1);
  await pass(600_000);
  expect(counted.checks).toBe(11);
  rounds.stop();
  await pass(600_000);
  expect(counted.checks).toBe(11);
});

test('beside a queue: none as long as the queue’s come, then its own, a round and a half apart', async () => {
  const { rounds, counted, pass } = someRounds(true);
  rounds.start();
  for (let minute = 0; minute < 10; minute += 1) {
    await pass(60_000);
    rounds.checked();
  }
  expect(counted.checks).toBe(0);
  await pass(95_000);
  expect(counted.checks).toBe(1);
  await pass(90_000);
  expect(counted.checks).toBe(2);
  rounds.stop();
});

test('a check that fails does not end them', async () => {
  const { rounds, counted, pass } = someRounds(false, () => Promise.reject(new Error('no engine')));
  rounds.start();
  await pass(180_000);
  expect(counted.checks).toBe(3);
  rounds.stop();
});

test('a clock that is set back does not hold the next check up', async () => {
  const { rounds, counted, pass, clock } = someRounds(false);
  rounds.start();
  await pass(1_000);
  clock.advance(-86_400_000);
  await pass(60_000);
  expect(counted.checks).toBe(2);
  rounds.stop();
});

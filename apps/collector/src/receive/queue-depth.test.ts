import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { createQueueDepth } from './queue-depth.ts';

test('asks once a second at most, and only when somebody wants to know', async () => {
  const clock = new ManualClock(1_000_000);
  let asked = 0;
  let answer = async (): Promise<number> => 5;
  const depth = createQueueDepth(() => {
    asked += 1;
    return answer();
  }, clock);
  expect(asked).toBe(0);

  expect(depth()).toBeUndefined();
  await turn();
  expect([depth(), depth(), asked]).toEqual([5, 5, 1]);

  clock.advance(1_000);
  answer = () => Promise.reject(new Error('Connection is closed.'));
  expect(depth()).toBe(5);
  await turn();
  expect([depth(), asked]).toEqual([undefined, 2]);

  // A clock that is set back must not keep the answer for ever.
  clock.advance(-500_000);
  answer = async () => 7;
  depth();
  await turn();
  expect([depth(), asked]).toEqual([7, 3]);
});

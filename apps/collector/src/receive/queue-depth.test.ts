import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { createQueueDepth } from './queue-depth.ts';

const HERE = 'gitlab.example.com' as InstanceName;
const THERE = 'gitlab.example.org' as InstanceName;

test('asks once a second at most, and only when somebody wants to know', async () => {
  const clock = new ManualClock(1_000_000);
  let asked = 0;
  let answer = async (): Promise<number> => 5;
  const depth = createQueueDepth(() => {
    asked += 1;
    return answer();
  }, clock);
  expect(asked).toBe(0);

  expect(depth(HERE)).toBeUndefined();
  await turn();
  expect([depth(HERE), depth(HERE), asked]).toEqual([5, 5, 1]);

  clock.advance(1_000);
  answer = () => Promise.reject(new Error('Connection is closed.'));
  expect(depth(HERE)).toBe(5);
  await turn();
  expect([depth(HERE), asked]).toEqual([undefined, 2]);

  // A clock that is set back must not keep the answer for ever.
  clock.advance(-500_000);
  answer = async () => 7;
  depth(HERE);
  await turn();
  expect([depth(HERE), asked]).toEqual([7, 3]);
});

test('one GitLab says nothing of another', async () => {
  const asked: string[] = [];
  const depth = createQueueDepth(async (instance) => {
    asked.push(instance);
    return instance === HERE ? 100_001 : 2;
  }, new ManualClock(1_000_000));
  depth(HERE);
  await turn();
  expect([depth(HERE), depth(THERE)]).toEqual([100_001, undefined]);
  await turn();
  expect([depth(HERE), depth(THERE)]).toEqual([100_001, 2]);
  expect(asked).toEqual([HERE, THERE]);
});

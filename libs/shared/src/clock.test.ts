import { expect, it } from 'vitest';
import { ManualClock, msLeft } from './clock.ts';

it.each([
  ['has just begun', 1_000, 60],
  ['is half over', 970, 30],
  ['is over', 940, 0],
  ['was over long ago', 0, 0],
  ['never began', undefined, 0],
  ['began after now, since the clock was set back', 1_001, 0],
])('of a span that %s, as much is left as there is', (_, since, left) => {
  expect(msLeft(since, 60, new ManualClock(1_000))).toBe(left);
});

import type { Millis } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { measureBackFills } from './back-fill-progress.ts';

const instance = 'gitlab.example' as InstanceName;

it('is as far as the project of which the least has been read, however many there are', () => {
  const fills = Array.from({ length: 200_000 }, (_, index) => ({
    ...{ begunAt: 300_000 as Millis, below: undefined, found: 1, target: 100_000 as Millis },
    reachedAt: (index + 1) as Millis,
  }));
  expect(measureBackFills(instance, fills)).toEqual({
    ...{ instance, projects: { done: 100_000, total: 200_000 } },
    ...{ found: 200_000, reachedAt: 200_000 },
  });
  expect(measureBackFills(instance, []).reachedAt).toBeUndefined();
});

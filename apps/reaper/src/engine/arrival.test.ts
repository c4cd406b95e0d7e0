import type { Millis } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { arrivalOf } from './arrival.ts';

const RECORD = 1_700_000_000_000 as Millis;
const CREATED_SECONDS = 1_600_000_000;

test('a tag time counts before all else', () => {
  expect(arrivalOf('2026-11-21T10:00:00.123456789Z', RECORD, CREATED_SECONDS)).toEqual({
    arrivedAt: Date.parse('2026-11-21T10:00:00.123Z'),
    arrivalSource: 'tagged',
  });
});

test.each(['0001-01-01T00:00:00Z', undefined, '', 'yesterday'])('the tag time %j is none', (time) => {
  expect(arrivalOf(time, RECORD, CREATED_SECONDS)).toEqual({ arrivedAt: RECORD, arrivalSource: 'record' });
});

test('the last resort is when it was built', () => {
  expect(arrivalOf(undefined, undefined, CREATED_SECONDS)).toEqual({
    arrivedAt: 1_600_000_000_000,
    arrivalSource: 'created',
  });
  // Year 0001, as images that were built reproducibly have it.
  expect(arrivalOf(undefined, undefined, -62_135_596_800).arrivedAt).toBe(0);
});

import type { Millis } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { askedWaitMs, exhaustedForMs } from './asked-wait.ts';

const NOW = Date.UTC(2026, 2, 1, 12) as Millis;
const unix = (atMs: number): string => String(atMs / 1_000);

test.each([
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['an HTTP date', { 'retry-after': 'Sun, 01 Mar 2026 12:02:00 GMT' }, 120_000],
  ['the reset of the limit', { 'ratelimit-reset': unix(NOW + 45_000) }, 45_000],
  ['Retry-After before the reset', { 'retry-after': '3', 'ratelimit-reset': unix(NOW + 45_000) }, 3_000],
  [
    'the reset when Retry-After is unreadable',
    { 'retry-after': 'soon', 'ratelimit-reset': unix(NOW + 45_000) },
    45_000,
  ],
  ['at least a second', { 'retry-after': '0' }, 1_000],
  ['at least a second after a date gone by', { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, 1_000],
  ['at most an hour', { 'retry-after': '86400' }, 3_600_000],
  ['at most an hour until a date', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, 3_600_000],
])('waits %s', (_, headers, milliseconds) => {
  expect(askedWaitMs(headers, NOW)).toBe(milliseconds);
});

test.each([
  {},
  { 'retry-after': '' },
  { 'retry-after': '-5' },
  { 'retry-after': '1e9' },
  { 'retry-after': '1.5' },
  { 'retry-after': 'tomorrow GMT' },
  { 'retry-after': '99999999999999999999' },
  { 'ratelimit-reset': 'never' },
])('has nothing to go by in %j', (headers) => {
  expect(askedWaitMs(headers, NOW)).toBeUndefined();
});

test.each([
  ['the last request', { 'ratelimit-remaining': '0', 'ratelimit-reset': unix(NOW + 45_000) }, 45_000],
  ['one before the last', { 'ratelimit-remaining': '1', 'ratelimit-reset': unix(NOW + 45_000) }, undefined],
  ['a limit without a reset', { 'ratelimit-remaining': '0' }, undefined],
  ['a reset without a limit', { 'ratelimit-reset': unix(NOW + 45_000) }, undefined],
])('after %s', (_, headers, milliseconds) => {
  expect(exhaustedForMs(headers, NOW)).toBe(milliseconds);
});

import type { Millis } from '@sideband/shared/clock';
import { expect, test } from 'vitest';
import { askedWaitMs } from './asked-wait.ts';

const NOW = Date.UTC(2026, 2, 1, 12) as Millis;
const unix = (atMs: number): string => String(atMs / 1_000);

function wait(headers: Record<string, string>): number | undefined {
  return askedWaitMs(new Headers(headers), NOW);
}

test.each([
  ['seconds', { 'Retry-After': '7' }, 7_000],
  ['an HTTP date', { 'Retry-After': 'Sun, 01 Mar 2026 12:02:00 GMT' }, 120_000],
  ['the reset of the limit', { 'RateLimit-Reset': unix(NOW + 45_000) }, 45_000],
  ['Retry-After before the reset', { 'Retry-After': '3', 'RateLimit-Reset': unix(NOW + 45_000) }, 3_000],
  [
    'the reset when Retry-After is unreadable',
    { 'Retry-After': 'soon', 'RateLimit-Reset': unix(NOW + 45_000) },
    45_000,
  ],
  ['at least a second', { 'Retry-After': '0' }, 1_000],
  ['at least a second after a date gone by', { 'Retry-After': 'Sun, 01 Mar 2026 11:00:00 GMT' }, 1_000],
  ['at most an hour', { 'Retry-After': '86400' }, 3_600_000],
  ['at most an hour until a date', { 'Retry-After': 'Fri, 31 Dec 9999 23:59:59 GMT' }, 3_600_000],
])('waits %s', (_, headers, milliseconds) => {
  expect(wait(headers)).toBe(milliseconds);
});

test.each([
  {},
  { 'Retry-After': '' },
  { 'Retry-After': '-5' },
  { 'Retry-After': '1e9' },
  { 'Retry-After': '1.5' },
  { 'Retry-After': 'tomorrow GMT' },
  { 'Retry-After': '99999999999999999999' },
  { 'RateLimit-Reset': 'never' },
])('has nothing to go by in %j', (headers) => {
  expect(wait(headers)).toBeUndefined();
});

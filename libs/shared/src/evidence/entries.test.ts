import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { leaseScore, leaseText, parseLease } from './entries.ts';
import { LEASE_STRENGTHS } from './model.ts';
import { YEAR_9999 } from './store-events.suite.ts';
import { lease } from './store-samples.suite.ts';

const anyLease = fc
  .record({
    strength: fc.constantFrom(...LEASE_STRENGTHS),
    expiresAt: fc.integer({ min: 0, max: YEAR_9999 }).map((at) => at as Millis),
  })
  .map(lease);

test('a lease comes back from its text and its score, also as Redis writes that', () => {
  fc.assert(
    fc.property(anyLease, (one) => {
      const score = leaseScore(one);
      expect(parseLease(leaseText(one), score)).toEqual(one);
      expect(Number(score.toPrecision(17))).toBe(score);
    }),
  );
});

test('of two leases the stronger has the higher score, and of equals the one that lasts longer', () => {
  fc.assert(
    fc.property(anyLease, anyLease, (a, b) => {
      const stronger = LEASE_STRENGTHS.indexOf(a.strength) - LEASE_STRENGTHS.indexOf(b.strength);
      const later = Math.sign(a.expiresAt - b.expiresAt);
      expect(Math.sign(leaseScore(a) - leaseScore(b))).toBe(stronger === 0 ? later : Math.sign(stronger));
    }),
  );
});

test('an expected lease has expired for whoever takes its score for a time, as a reaper that knows of none does', () => {
  const longest = lease({ strength: 'expected', expiresAt: YEAR_9999 as Millis });
  expect(leaseScore(longest)).toBeLessThan(0);
  expect(leaseScore({ ...longest, expiresAt: Number.MAX_SAFE_INTEGER as Millis })).toBeLessThan(0);
});

import type { Millis } from '@sideband/shared/clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { earlier, nanosOf, positionAt, toPosition } from './event-position.ts';
import type { EventPosition } from './port.ts';

describe('a position', () => {
  test('keeps every nanosecond', () => {
    expect(toPosition(1_795_311_876_057_132_776n)).toBe('1795311876.057132776');
    const nanos = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999_999n });
    fc.assert(fc.property(nanos, (each) => nanosOf(toPosition(each)) === each));
  });

  test('of a moment is that moment', () => {
    expect(positionAt(1_795_311_876_057 as Millis)).toBe('1795311876.057000000');
  });

  test('is gone back from across seconds, and not before 1970', () => {
    expect(earlier('1795311876.057132776' as EventPosition, 1_000)).toBe('1795311875.057132776');
    expect(earlier('1795311876' as EventPosition, 1)).toBe('1795311875.999000000');
    expect(earlier('0.5' as EventPosition, 1_000)).toBe('0.000000000');
  });

  test.each(['', 'yesterday', '1.2.3', '-1', '1e9', '9'.repeat(40)])('is not %j', (text) => {
    expect(nanosOf(text as EventPosition)).toBeUndefined();
    expect(earlier(text as EventPosition, 1_000)).toBeUndefined();
  });
});

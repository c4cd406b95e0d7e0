import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 5 * MINUTE],
    ['1h30m', HOUR + 30 * MINUTE],
    ['7d', 7 * DAY],
    ['2w', 14 * DAY],
    ['1w2d3h4m5s6ms', 9 * DAY + 3 * HOUR + 4 * MINUTE + 5_006],
    ['1m1ms', MINUTE + 1],
    ['36h', 36 * HOUR],
    ['1h0m0s', HOUR],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: milliseconds });
  });

  it.each([
    ['90', 'no-unit'],
    ['0', 'no-unit'],
    ['1.5', 'no-unit'],
    ['', 'bad-duration'],
    ['1h banana', 'bad-duration'],
    ['1h 30m', 'bad-duration'],
    [' 1h', 'bad-duration'],
    ['1h\n', 'bad-duration'],
    ['1h30', 'bad-duration'],
    ['30m1h', 'bad-duration'],
    ['1h1h', 'bad-duration'],
    ['1ms1m', 'bad-duration'],
    ['-1h', 'bad-duration'],
    ['1.5h', 'bad-duration'],
    ['1H', 'bad-duration'],
    ['1M', 'bad-duration'],
    ['7 days', 'bad-duration'],
    ['1y', 'bad-duration'],
    ['h', 'bad-duration'],
    ['P1D', 'bad-duration'],
    ['999999999999999w', 'too-large'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseDuration(text)).toMatchObject({ ok: false, error: { reason } });
  });

  it('names the accepted forms', () => {
    expect(parseDuration('90')).toMatchObject({
      error: {
        message:
          '"90" is no duration: expected numbers and units, the largest first: 1h30m, 7d, 2w, 90s, 500ms',
      },
    });
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [90_000, '1m30s'],
    [14 * DAY, '14d'],
    [23 * DAY + 4 * HOUR + 5_006, '23d4h5s6ms'],
    [-5 * MINUTE, '-5m'],
  ])('shows %d as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('keeps the largest units when it is told how many', () => {
    expect(formatDuration(23 * DAY + 4 * HOUR + 5_006, 2)).toBe('23d4h');
    expect(formatDuration(59_999, 1)).toBe('59s');
  });
});

describe('properties', () => {
  it('what was formatted is read to the same time', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toEqual({ ok: true, value: milliseconds });
      }),
    );
  });

  it('a number alone is never a duration', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parseDuration(String(value)).ok).toBe(false);
      }),
    );
  });
});

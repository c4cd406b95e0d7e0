import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, parseByteSize } from './byte-size.ts';

function bytesIn(text: string): number {
  const result = parseByteSize(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('parseByteSize', () => {
  it.each([
    ['0B', 0],
    ['1B', 1],
    ['10kB', 10_000],
    ['10KB', 10_000],
    ['10KiB', 10_240],
    ['512MB', 512_000_000],
    ['10GB', 10_000_000_000],
    ['10GiB', 10_737_418_240],
    ['1.5GiB', 1_610_612_736],
    ['1.1GB', 1_100_000_000],
    ['0.001kB', 1],
    ['1.58 GB', 1_580_000_000],
    ['2TB', 2e12],
    ['2TiB', 2 * 2 ** 40],
    ['9PB', 9e15],
    ['7PiB', 7 * 2 ** 50],
  ])('reads %s', (text, bytes) => {
    expect(bytesIn(text)).toBe(bytes);
  });

  it.each([
    ['10', 'no-unit'],
    ['0', 'no-unit'],
    ['10G', 'bad-unit'],
    ['10Gb', 'bad-unit'],
    ['10gb', 'bad-unit'],
    ['10Gi', 'bad-unit'],
    ['10kiB', 'bad-unit'],
    ['10mB', 'bad-unit'],
    ['10b', 'bad-unit'],
    ['10EB', 'bad-unit'],
    ['10GBs', 'bad-unit'],
    ['0GB', 'bad-zero'],
    ['0.0MB', 'bad-zero'],
    ['10PB', 'too-large'],
    ['999999999999999PiB', 'too-large'],
    ['', 'bad-byte-size'],
    ['GB', 'bad-byte-size'],
    ['10%', 'bad-byte-size'],
    ['-1GB', 'bad-byte-size'],
    ['+1GB', 'bad-byte-size'],
    ['010GB', 'bad-byte-size'],
    ['1e3GB', 'bad-byte-size'],
    ['0x10B', 'bad-byte-size'],
    ['1,5GB', 'bad-byte-size'],
    ['1.GB', 'bad-byte-size'],
    ['.5GB', 'bad-byte-size'],
    ['1.2345GB', 'bad-byte-size'],
    ['1.5B', 'bad-byte-size'],
    ['1GB ', 'bad-byte-size'],
    [' 1GB', 'bad-byte-size'],
    ['1  GB', 'bad-byte-size'],
    ['1GB\n', 'bad-byte-size'],
    ['1GB 2MB', 'bad-byte-size'],
    ['١GB', 'bad-byte-size'],
    ['NaNGB', 'bad-byte-size'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseByteSize(text)).toMatchObject({ ok: false, error: { reason } });
  });

  it('names the accepted forms', () => {
    expect(parseByteSize('10G')).toMatchObject({
      error: {
        message:
          '"10G" is no size: expected a number and a unit: 10GB (decimal), 10GiB (binary), 1.5TB, 512MB',
      },
    });
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [1_580_000_000, '1.58 GB'],
    [1_584_999_999, '1.58 GB'],
    [15_800_000_000, '15.8 GB'],
    [158_000_000_000, '158 GB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [2 ** 53 - 1, '9.01 PB'],
    [1e18, '1000 PB'],
    [-2_500_000, '-2.5 MB'],
  ])('shows %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('properties', () => {
  it('a size in whole bytes is read exactly', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999_999_999 }), (bytes) => {
        expect(bytesIn(`${bytes}B`)).toBe(bytes);
      }),
    );
  });

  it('what is shown is read again, within half of its third digit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e15 }), (bytes) => {
        const again = bytesIn(formatBytes(bytes));
        expect(Math.abs(again - bytes)).toBeLessThanOrEqual(bytes * 0.005);
        expect(formatBytes(again)).toBe(formatBytes(bytes));
      }),
    );
  });

  it('a number alone is never a size', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parseByteSize(String(value)).ok).toBe(false);
      }),
    );
  });
});

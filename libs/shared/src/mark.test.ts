import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMark } from './mark.ts';

describe('parseMark', () => {
  it.each([
    ['15%', 15],
    ['0.5%', 0.5],
    ['12.345%', 12.345],
    ['99.999%', 99.999],
  ])('reads %s as a percentage', (text, percent) => {
    expect(parseMark(text)).toEqual({ ok: true, value: { kind: 'percent', percent } });
  });

  it.each([
    ['10GB', 10_000_000_000],
    ['1.5GiB', 1_610_612_736],
    ['0B', 0],
  ])('reads %s as bytes', (text, bytes) => {
    expect(parseMark(text)).toEqual({ ok: true, value: { kind: 'bytes', bytes } });
  });

  it.each([
    ['0%', 'bad-percent'],
    ['0.000%', 'bad-percent'],
    ['100%', 'bad-percent'],
    ['-5%', 'bad-percent'],
    ['015%', 'bad-percent'],
    ['15 %', 'bad-percent'],
    ['15%\n', 'bad-percent'],
    ['15%%', 'bad-percent'],
    ['%', 'bad-percent'],
    ['15%GB', 'bad-percent'],
    ['15', 'no-unit'],
    ['0.15', 'no-unit'],
    ['10G', 'bad-unit'],
    ['', 'bad-byte-size'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseMark(text)).toMatchObject({ ok: false, error: { reason } });
  });

  it('names the accepted forms', () => {
    expect(parseMark('15')).toMatchObject({
      error: { message: expect.stringMatching(/10GB \(decimal\).*, or a percentage: 15%$/) },
    });
  });

  it('reads every percentage in thousandths', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), (thousandths) => {
        const percent = thousandths / 1_000;
        expect(parseMark(`${percent}%`)).toEqual({ ok: true, value: { kind: 'percent', percent } });
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from './quote.ts';

describe('quote', () => {
  it.each([
    ['ruby:3.3', '"ruby:3.3"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['a\nb\u001b[31m', '"a\\nb\\u001b[31m"'],
    ['a\u009bb\u007f', '"a\\u009bb\\u007f"'],
    ['a\u2028b\u202eb\u2066', '"a\\u2028b\\u202eb\\u2066"'],
    ['', '""'],
  ])('shows %j on one line', (text, shown) => {
    expect(quote(text)).toBe(shown);
  });

  it('shortens to 80 characters and says how many there were', () => {
    expect(quote('a'.repeat(80))).toBe(`"${'a'.repeat(80)}"`);
    expect(quote('a'.repeat(81))).toBe(`"${'a'.repeat(80)}… (81 characters)"`);
  });

  it('never lets a control character through and never grows without bound', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        const shown = quote(text);
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(shown.length).toBeLessThan(6 * 80 + 30);
      }),
    );
  });
});

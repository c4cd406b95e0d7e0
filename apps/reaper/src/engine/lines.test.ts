import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINE_LIMIT_BYTES, lineSplitter } from './lines.ts';

function split(chunks: readonly Buffer[]): { readonly lines: readonly string[]; readonly tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const push = lineSplitter({
    onLine: (line) => void lines.push(line),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) push(chunk);
  return { lines, tooLong };
}

describe('lines', () => {
  test('come whole, wherever the chunks end', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => `>${text.replace(/\s/g, '_')}<`);
    const text = fc.array(line, { maxLength: 20 });
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 40 }), { minLength: 1 }), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = (sizes[turn % sizes.length] ?? 0) + 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(split(chunks)).toEqual({ lines, tooLong: 0 });
      }),
    );
  });

  test('without their end are not given yet', () => {
    expect(split([Buffer.from('a\nb')]).lines).toEqual(['a']);
    expect(split([Buffer.from('a\nb'), Buffer.from('c\n')]).lines).toEqual(['a', 'bc']);
  });

  test('that are empty, or end as on Windows, are no more than lines', () => {
    expect(split([Buffer.from('\n\r\na\r'), Buffer.from('\n')]).lines).toEqual(['a']);
  });

  test('that are too long are left out, and the next ones are not', () => {
    const longest = 'x'.repeat(LINE_LIMIT_BYTES);
    const text = Buffer.from(`a\n${longest}\n${longest}x\nb\n`);
    const chunks = Array.from({ length: Math.ceil(text.length / 65_536) }, (_, index) =>
      text.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const { lines, tooLong } = split(chunks);
    expect(lines.map((line) => line.length)).toEqual([1, LINE_LIMIT_BYTES, 1]);
    expect(tooLong).toBe(1);
  });
});

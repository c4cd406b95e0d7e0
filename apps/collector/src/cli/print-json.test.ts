import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printJson } from './print-json.ts';

function printed(value: unknown): string {
  let text = '';
  printJson(
    {
      print: (more) => {
        text += more;
      },
    },
    value,
  );
  return text;
}

test('what could move the cursor or turn the text round is escaped', () => {
  const name = 'a\u001b[2J\u007f\u009b2J\u2028\u202e\u2066b – ü';
  expect(printed({ name })).toBe('{"name":"a\\u001b[2J\\u007f\\u009b2J\\u2028\\u202e\\u2066b – ü"}\n');
});

test('whatever is printed is one line, and reads as what it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const line = printed({ value, text });
      expect(line).toMatch(/^[^\p{Cc}\u2028-\u202e\u2066-\u2069]+\n$/u);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ value, text })));
    }),
  );
});

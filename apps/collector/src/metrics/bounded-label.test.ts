import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBoundedLabel } from './bounded-label.ts';

test('our own words stay what they are', () => {
  const label = createBoundedLabel();
  const words = ['recorded', 'no-lease', 'GET projects/:id/jobs/:id/trace', '2xx'];
  for (const word of [...words, ...words]) expect(label(word)).toBe(word);
});

test.each(['', 'a\nb', 'a"b', 'Ünlesbar', 'x'.repeat(81)])('%j is other', (word) => {
  expect(createBoundedLabel()(word)).toBe('other');
});

test('there are never more than 64 of them, and other', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 500 }), (words) => {
      const label = createBoundedLabel();
      expect(new Set(words.map(label)).size).toBeLessThanOrEqual(65);
    }),
  );
});

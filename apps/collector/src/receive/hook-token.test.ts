import { expect, test } from 'vitest';
import { isHookToken } from './hook-token.ts';

test('lets in the secret and nothing else', () => {
  expect(isHookToken('s3cret-of-the-hook', 's3cret-of-the-hook')).toBe(true);
});

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['the beginning', 's3cret'],
  ['more than it', 's3cret-of-the-hook '],
  ['another case', 'S3CRET-OF-THE-HOOK'],
  ['a list that holds it', ['s3cret-of-the-hook']],
  ['a very long text', 'x'.repeat(1_000_000)],
])('keeps out %s', (_, given) => {
  expect(isHookToken(given, 's3cret-of-the-hook')).toBe(false);
});

test('an empty secret lets nobody in', () => {
  expect(isHookToken('', '')).toBe(false);
});

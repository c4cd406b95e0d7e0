import { expect, test } from 'vitest';
import { pickApiVersion } from './api-version.ts';

test.each([
  ['1.24', '1.24'],
  ['1.41', '1.41'],
  ['1.55', '1.55'],
  ['1.56', '1.55'],
  ['1.100', '1.55'],
  ['2.0', '1.55'],
])('an engine whose newest is %s is asked in %s', (newest, picked) => {
  expect(pickApiVersion(newest)).toBe(picked);
});

test.each(['', '1', 'v1.41', '1.41/../..', 'undefined'])('%j is no version', (text) => {
  expect(() => pickApiVersion(text)).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
});

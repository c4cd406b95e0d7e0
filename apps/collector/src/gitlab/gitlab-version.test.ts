import { expect, test } from 'vitest';
import { isAtLeast, parseGitLabVersion } from './gitlab-version.ts';

test.each([
  ['17.5.0-ee', 17, 5],
  ['16.10.2', 16, 10],
  ['19.0.0-pre', 19, 0],
  ['18.2', 18, 2],
])('reads %s', (text, major, minor) => {
  expect(parseGitLabVersion(text)).toEqual({ major, minor });
});

test.each(['', '17', 'v17.5.0', 'seventeen.five', '17.', '99999.1'])('does not read %j', (text) => {
  expect(parseGitLabVersion(text)).toBeUndefined();
});

test.each([
  [16, 10, true],
  [16, 9, true],
  [15, 11, true],
  [16, 11, false],
  [17, 0, false],
])('16.10 is at least %i.%i: %s', (major, minor, answer) => {
  expect(isAtLeast({ major: 16, minor: 10 }, major, minor)).toBe(answer);
});

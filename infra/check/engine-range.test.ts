import { expect, it } from 'vitest';
import { admits } from './engine-range.ts';

it.each([
  ['*', true],
  ['', true],
  ['>=20.19', true],
  ['>= 0.4', true],
  ['>=20.20.2', true],
  ['>=20.20.3', false],
  ['>=22', false],
  ['^20.19.0 || >=22.12.0', true],
  ['^20.21.0 || >=22.12.0', false],
  ['18 || 20 || >=22', true],
  ['18 || >=22', false],
  ['6.* || 8.* || >= 10.*', true],
  ['>=16 || 14 >=14.17', true],
  ['20.x', true],
  ['20.19.x', false],
  ['20.20', true],
  ['20.20.2', true],
  ['=20.20.1', false],
  ['v20.20.2', true],
  ['~20.20.0', true],
  ['~20.19', false],
  ['~20', true],
  ['^10 || ^12 || >=14', true],
  ['>=14 <20', false],
  ['>=14 <=20', true],
  ['>=14 <21.0.0', true],
  ['>20', false],
  ['>20.20.1', true],
  ['<20.20.2', false],
  ['>=22 || *', true],
])('%j admits 20.20.2: %s', (range, answer) => {
  expect(admits(range, '20.20.2')).toBe(answer);
});

it.each(['14 - 22', 'latest', '>=20.0.0-rc.1', '>=20 || node'])('does not understand %j', (range) => {
  expect(admits(range, '20.20.2')).toBeUndefined();
});

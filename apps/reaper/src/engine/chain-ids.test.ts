import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { chainIds } from './chain-ids.ts';

const BASE = 'sha256:dd911948596c897aa4ec5caea48f38b553292f4a95b27bf505dbcd80700d5264';
const TOP = 'sha256:6e4d3c4934054551c3f96dcc9e380d2667ab0627c6af5e5cb1182cdf24b3bbb7';

test('the base is named by itself, and the layer on it as dockerd 20.10 named it', () => {
  expect(chainIds([BASE, TOP])).toEqual([
    BASE,
    'sha256:73129bcce08c9050a8688f89329da5686bbd3de5878ee4b82a4b4c8cdec28a39',
  ]);
});

test('each further layer is named by the name of what is below', () => {
  const [, second, third] = chainIds([BASE, TOP, BASE]);
  const expected = createHash('sha256').update(`${second} ${BASE}`).digest('hex');
  expect(third).toBe(`sha256:${expected}`);
});

test('no layers, no chains', () => {
  expect(chainIds([])).toEqual([]);
});

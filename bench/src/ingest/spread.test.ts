import { expect, it } from 'vitest';
import { renderSpread, spreadOf } from './spread.ts';

it('is the median with the least and the most', () => {
  const spread = spreadOf([0.54, 0.44, 0.49]);
  expect(spread).toEqual({ median: 0.49, least: 0.44, most: 0.54 });
  expect(renderSpread(spread, 2)).toBe('0.49 (0.44 to 0.54)');
});

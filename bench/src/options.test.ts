import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('parseOptions', () => {
  it('has three capacities unless told one', () => {
    expect(parseOptions(['week'])).toEqual({ bench: 'week', json: false, capacities: [500e6, 600e6, 800e6] });
    expect(parseOptions(['week', '--json', '--capacity', '700MB'])).toEqual({
      bench: 'week',
      json: true,
      capacities: [700e6],
    });
  });

  it('counts images and containers for the cost of watching', () => {
    const defaults = { bench: 'watch', json: false, images: 500, containers: 1000 };
    expect(parseOptions(['watch'])).toEqual(defaults);
    expect(parseOptions(['watch', '--containers', '50'])).toEqual({ ...defaults, containers: 50 });
  });

  it.each([
    [[], 'command: expected week or watch'],
    [['month'], 'command: expected week or watch'],
    [['week', 'day'], 'command: expected week or watch'],
    [['watch', '--images', '0'], '--images: '],
    [['watch', '--images', '1e3'], '--images: '],
    [['watch', '--capacity', '600MB'], '--capacity: is an option of the other bench'],
    [['week', '--capacity', '600'], /^--capacity: .*unit/],
    [['week', '--capacities', '600MB'], /^arguments: .*--capacities/],
  ])('refuses %j', (args, problem) => {
    expect(() => parseOptions(args)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        details: { problems: [expect.stringMatching(problem)] },
      }),
    );
  });
});

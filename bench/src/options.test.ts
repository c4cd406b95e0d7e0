import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('parseOptions', () => {
  it('has three capacities unless told one', () => {
    expect(parseOptions(['week'])).toEqual({ json: false, capacities: [500e6, 600e6, 800e6] });
    expect(parseOptions(['week', '--json', '--capacity', '700MB'])).toEqual({
      json: true,
      capacities: [700e6],
    });
  });

  it.each([
    [[], 'command: expected week'],
    [['month'], 'command: expected week'],
    [['week', 'day'], 'command: expected week'],
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

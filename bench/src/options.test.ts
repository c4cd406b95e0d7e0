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

  it('counts seconds for hooks and jobs for GitLab', () => {
    expect(parseOptions(['ingest'])).toEqual({ bench: 'ingest', json: false, seconds: 5 });
    expect(parseOptions(['ingest', '--seconds', '2'])).toEqual({ bench: 'ingest', json: false, seconds: 2 });
    expect(parseOptions(['gitlab'])).toEqual({ bench: 'gitlab', json: false, jobs: 300 });
    expect(parseOptions(['gitlab', '--json', '--jobs', '40'])).toEqual({
      bench: 'gitlab',
      json: true,
      jobs: 40,
    });
  });

  it.each([
    [[], 'command: expected week, watch, ingest or gitlab'],
    [['month'], 'command: expected week, watch, ingest or gitlab'],
    [['week', 'day'], 'command: expected week, watch, ingest or gitlab'],
    [['watch', '--images', '0'], '--images: '],
    [['watch', '--images', '1e3'], '--images: '],
    [['watch', '--capacity', '600MB'], '--capacity: is an option of another bench'],
    [['gitlab', '--seconds', '5'], '--seconds: is an option of another bench'],
    [['ingest', '--seconds=-1'], '--seconds: '],
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

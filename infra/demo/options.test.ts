import { SidebandError } from '@sideband/shared/errors';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

function problem(...args: string[]): string {
  try {
    parseOptions(args);
  } catch (error) {
    if (error instanceof SidebandError) return String(error.details['problems']);
    throw error;
  }
  return '';
}

describe('parseOptions', () => {
  it('watches the week for ten minutes on the sandbox with 600 MB unless told', () => {
    expect(parseOptions([])).toEqual({
      once: false,
      json: false,
      limit: 'budget',
      budgetBytes: 600_000_000,
      minutes: 10,
      days: 7,
      engine: 'sandbox',
      emptyRedis: false,
      directory: undefined,
    });
  });

  it('reads what it is told', () => {
    expect(parseOptions(['--once', '--json', '--budget', '800MB', '--engine', 'memory'])).toMatchObject({
      once: true,
      json: true,
      limit: 'budget',
      budgetBytes: 800_000_000,
      engine: 'memory',
    });
    expect(parseOptions(['--disk']).limit).toBe('disk');
    expect(parseOptions(['--disk', '--tight']).limit).toBe('tight');
  });

  it.each([
    [['--budget', '800'], '--budget'],
    [['--budget', '800 bananas'], '--budget'],
    [['--budget', '800MB', '--disk'], '--budget'],
    [['--minutes', 'ten'], '--minutes'],
    [['--minutes', '0'], '--minutes'],
    [['--days', '8'], '--days'],
    [['--engine', 'podman'], '--engine'],
    [['--json'], '--json'],
    [['--tight'], '--tight'],
    [['--empty-redis'], '--empty-redis'],
    [['--fast'], '--fast'],
    [['fast'], 'fast'],
  ])('refuses %j and names what was wrong', (args, named) => {
    expect(problem(...args)).toContain(named);
  });
});

import { SidebandError } from '@sideband/shared/errors';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from './parse-policy.ts';

function problems(yaml: string): readonly string[] {
  try {
    parsePolicy(yaml, 'policy.yaml');
  } catch (error) {
    if (error instanceof SidebandError && error.code === 'POLICY_INVALID') {
      return error.details['problems'] as readonly string[];
    }
    throw error;
  }
  return [];
}

describe('parsePolicy', () => {
  it('observes with careful marks when it is told nothing', () => {
    expect(parsePolicy('', 'policy.yaml')).toEqual({
      mode: 'observe',
      disk: {
        start: { kind: 'percent', percent: 10 },
        stop: { kind: 'percent', percent: 11 },
        emergency: { kind: 'percent', percent: 10 / 3 },
      },
      budget: undefined,
      localMaxUnused: 30 * 86_400_000,
      grace: { afterPull: 600_000, afterUse: 600_000 },
    });
  });

  it('reads every setting', () => {
    const yaml = [
      'mode: enforce',
      'disk: { start: 20GB, stop: 25GB, emergency: 5GB }',
      'budget: { start: 200GB, stop: 185GiB }',
      'localMaxUnused: 7d',
      'grace: { afterPull: 1h30m, afterUse: 90s }',
    ];
    expect(parsePolicy(yaml.join('\n'), 'policy.yaml')).toEqual({
      mode: 'enforce',
      disk: {
        start: { kind: 'bytes', bytes: 20e9 },
        stop: { kind: 'bytes', bytes: 25e9 },
        emergency: { kind: 'bytes', bytes: 5e9 },
      },
      budget: { startBytes: 200e9, stopBytes: 185 * 2 ** 30 },
      localMaxUnused: 7 * 86_400_000,
      grace: { afterPull: 5_400_000, afterUse: 90_000 },
    });
  });

  it('puts stop a tenth above a start in bytes, and the emergency at a third of it', () => {
    const { disk } = parsePolicy('disk: { start: 30GB }', 'policy.yaml');
    expect(disk.stop).toEqual({ kind: 'bytes', bytes: 33e9 });
    expect(disk.emergency).toEqual({ kind: 'bytes', bytes: 10e9 });
  });

  it.each([
    ['an unknown key', 'mode: observe\nmodes: 1', /^policy\.yaml:2: modes: is no setting/],
    [
      'a bare number',
      'mode: enforce\ndisk:\n  start: 10',
      /^policy\.yaml:3: disk: start: expected text with a unit/,
    ],
    ['an unparsable size', 'disk:\n  start: 10 bananas', /^policy\.yaml:2: disk: start: .*bananas/],
    ['a size that is no duration', 'grace:\n  afterPull: 10GB', /^policy\.yaml:2: grace: afterPull: .*10GB/],
    ['an unknown mode', 'mode: destroy', /^policy\.yaml:1: mode: expected observe or enforce/],
    ['broken YAML', 'mode: [observe', /^policy\.yaml:\d+: /],
    ['a key twice', 'mode: observe\nmode: enforce', /^policy\.yaml:\d+: .*unique/],
    ['no mapping at all', '- observe', /^policy\.yaml:1: /],
    ['half a budget', 'budget: { start: 1GB }', /^policy\.yaml:\d+: budget: stop: /],
  ])('refuses %s and names the line', (_, yaml, expected) => {
    const found = problems(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it.each([
    ['stop below start', 'disk: { start: 20%, stop: 10% }', 'disk.start must not be above disk.stop'],
    [
      'emergency above start',
      'disk: { start: 10GB, emergency: 11GB }',
      'disk.emergency must not be above disk.start',
    ],
    ['marks of two kinds', 'disk: { start: 10GB, stop: 12% }', 'must both be percentages or both be sizes'],
    ['a budget the wrong way round', 'budget: { start: 1GB, stop: 2GB }', 'budget.stop must not be above'],
  ])('refuses %s', (_, yaml, expected) => {
    expect(problems(yaml).join('\n')).toContain(expected);
  });

  it('names every problem at once', () => {
    expect(problems('mode: never\ndisk:\n  start: 7\n')).toHaveLength(2);
  });
});

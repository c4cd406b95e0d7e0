import { describe, expect, it } from 'vitest';
import { loadWeek } from './load-week.ts';
import { simulate } from './simulate.ts';

const week = await loadWeek();

describe('simulate', () => {
  it.each(week.predicted)(
    'gives what history’s own simulator gave: $policy at $capacityBytes, $startShare to $stopShare',
    ({ policy, capacityBytes, startShare, stopShare, ...expected }) => {
      const made = simulate(week, {
        capacityBytes,
        high: startShare,
        low: stopShare,
        rankBy: policy === 'lru' ? 'use' : 'pull',
      });

      expect({
        pulledMb: Math.round(made.bytesPulled / 100_000) / 10,
        repulledMb: Math.round(made.bytesRepulled / 100_000) / 10,
        pulls: made.pulls,
        repulls: made.repulls,
        diskFullEvents: made.fullBeforePull,
      }).toEqual(expected);
    },
  );
});

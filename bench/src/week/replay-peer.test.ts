import { loadWeek } from '@sideband/infra/demo/week/load-week';
import { simulate } from '@sideband/infra/demo/week/simulate';
import { describe, expect, it } from 'vitest';
import { PEERS, type Peer, randomPeer } from './peers.ts';
import { replayPeer } from './replay-peer.ts';
import { aWeek, HOUR, MINUTE } from './tiny-week.suite.ts';

function peer(name: string): Peer {
  const found = PEERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no peer ${name}`);
  return found;
}

const week = await loadWeek();
const OF_POLICY = { lru: 'last use', pull: 'last pull' } as const;
const RANK_BY = { lru: 'use', pull: 'pull' } as const;

describe('the week', () => {
  it.each(week.predicted)(
    'costs what history’s own simulator gave: $policy at $capacityBytes, $startShare to $stopShare',
    ({ policy, capacityBytes, startShare, stopShare, ...predicted }) => {
      const marks = { capacityBytes, highPercent: startShare * 100, lowPercent: stopShare * 100 };
      const cost = replayPeer(week, marks, peer(OF_POLICY[policy]));

      const { sequence, ...simulated } = simulate(week, {
        ...{ capacityBytes, high: startShare, low: stopShare, rankBy: RANK_BY[policy] },
      });
      expect(cost).toEqual(simulated);
      expect({
        pulledMb: Math.round(cost.bytesPulled / 1e5) / 10,
        repulledMb: Math.round(cost.bytesRepulled / 1e5) / 10,
        pulls: cost.pulls,
        repulls: cost.repulls,
        diskFullEvents: cost.fullBeforePull,
      }).toEqual(predicted);
    },
  );

  it('costs the same with the same dice, and something else with others', () => {
    const marks = { capacityBytes: 600e6, highPercent: 90, lowPercent: 80 };
    const costs = [1, 1, 2].map((seed) => replayPeer(week, marks, randomPeer(seed)));
    expect(costs[0]).toEqual(costs[1]);
    expect(costs[0]).not.toEqual(costs[2]);
  });

  it('re-pulls nothing where nothing has to go', () => {
    const marks = { capacityBytes: 1e9, highPercent: 90, lowPercent: 80 };
    for (const { name } of PEERS.filter(({ evicts }) => evicts.when === 'high')) {
      expect(replayPeer(week, marks, peer(name))).toMatchObject({ repulls: 0, bytesRepulled: 0, pulls: 45 });
    }
  });
});

describe('a peer', () => {
  const MARKS = { capacityBytes: 100, highPercent: 90, lowPercent: 60 };
  const IMAGES = { 1: 20, 2: 40, 3: 35 };
  const FILL = [
    [0, 1],
    [HOUR, 2],
    [2 * HOUR, 1],
    [3 * HOUR, 3],
  ] as const;
  // What is pulled again, in a disk of its own size each time, tells what had gone at the third hour.
  const gone = (name: string): readonly number[] =>
    [1, 2, 3].filter((image) => {
      const events = [...FILL, [4 * HOUR, image]] as const;
      return replayPeer(aWeek(IMAGES, events), MARKS, peer(name)).repulls === 1;
    });

  it.each([
    ['last use', [2]],
    ['last pull', [1, 2]],
    ['biggest first', [2]],
    ['prune all', [1, 2]],
    ['daily, 24 h', []],
  ])('that goes by %s evicts %j of what is idle', (name, evicted) => {
    expect(gone(name)).toEqual(evicted);
  });

  it('never evicts what a job uses, and refuses a disk too small for that', () => {
    const together = aWeek({ 1: 60, 2: 60 }, [
      [0, 1],
      [10 * MINUTE, 2],
    ]);
    expect(() => replayPeer(together, MARKS, peer('prune all'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('makes room for a pull that does not fit, and counts it', () => {
    const turns = aWeek({ 1: 80, 2: 80 }, [
      [0, 1],
      [HOUR, 2],
    ]);
    expect(replayPeer(turns, MARKS, peer('daily, 24 h'))).toMatchObject({ pulls: 2, fullBeforePull: 1 });
  });

  it('with a daily cron prunes what was pulled a day before, used since or not', () => {
    const used = aWeek({ 1: 10, 2: 10 }, [
      [0, 1],
      [2 * HOUR, 2],
      [23 * HOUR, 1],
      [25 * HOUR, 1],
      [26 * HOUR, 2],
    ]);
    expect(replayPeer(used, MARKS, peer('daily, 24 h'))).toMatchObject({ pulls: 3, repulls: 1 });
  });
});

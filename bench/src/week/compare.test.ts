import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { aWeek, HOUR } from './tiny-week.suite.ts';

const MARKS = { capacityBytes: 100, highPercent: 90, lowPercent: 60 };

describe('compare', () => {
  it('puts each peer beside Sideband, with their figures’ ratio', async () => {
    // At the third hour 1 is the image used last, and the one pulled first: it is needed again.
    const week = aWeek({ 1: 20, 2: 40, 3: 35 }, [
      [0, 1],
      [HOUR, 2],
      [2 * HOUR, 1],
      [3 * HOUR, 3],
      [4 * HOUR, 1],
      [5 * HOUR, 2],
    ]);
    const { sideband, peers } = await compare(week, MARKS);

    expect(sideband).toMatchObject({ pulls: 4, repulls: 1, bytesRepulled: 40 });
    expect(peers.map((peer) => peer.name)).toEqual([
      ...['last use', 'last pull', 'biggest first', 'prune all', 'daily, 24 h', 'random'],
    ]);
    expect(peers.find((peer) => peer.name === 'last pull')).toMatchObject({
      ...{ pulls: 5, repulls: 2, bytesRepulled: 60 },
      toSideband: { pulls: 1.25, repulls: 2, bytesRepulled: 1.5 },
    });
  });

  it('has no ratio to nothing', async () => {
    const { peers } = await compare(aWeek({ 1: 20 }, [[0, 1]]), MARKS);
    for (const { toSideband } of peers) {
      expect(toSideband).toEqual({ bytesRepulled: null, repulls: null, pulls: 1 });
    }
  });
});

import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { createFleet, type FleetRecords } from './fleet.ts';

function registered(host: string): Registration {
  return {
    host: host as HostName,
    uuid: 'u',
    systemIds: [],
    seenAt: 0 as Millis,
    mode: 'observe',
    engine: '',
  };
}

/** Counts how often the key space was read. */
function recordsOf(answers: (() => readonly Registration[])[]): {
  records: FleetRecords;
  reads: () => number;
} {
  let reads = 0;
  const records: FleetRecords = {
    report: async () => undefined,
    notice: async () => ({ sharesManagerWith: [], sharesEngineWith: [] }),
    registrations: async () => (answers[reads++] ?? (() => []))(),
  };
  return { records, reads: () => reads };
}

describe('fleet', () => {
  it('reads once for everybody who asks within ten seconds', async () => {
    const clock = new ManualClock(0);
    const { records, reads } = recordsOf([() => [registered('b'), registered('a')], () => []]);
    const fleet = createFleet(records, clock);

    const [one, other] = await Promise.all([fleet.hosts(), fleet.hosts()]);
    clock.advance(9_999);
    const late = await fleet.hosts();

    expect(one.map(({ host }) => host)).toEqual(['a', 'b']);
    expect([other, late]).toEqual([one, one]);
    expect(reads()).toBe(1);

    clock.advance(1);
    expect(await fleet.hosts()).toEqual([]);
    expect(reads()).toBe(2);
  });

  it('does not keep a failure', async () => {
    const { records } = recordsOf([
      () => {
        throw new SidebandError('REDIS_UNAVAILABLE');
      },
      () => [registered('a')],
    ]);
    const fleet = createFleet(records, new ManualClock(0));

    await expect(fleet.hosts()).rejects.toThrow('Redis cannot be reached');
    expect(await fleet.hosts()).toHaveLength(1);
  });
});

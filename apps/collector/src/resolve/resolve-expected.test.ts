import type { Millis } from '@sideband/shared/clock';
import type { SystemId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import {
  FINISHED,
  HOUR,
  leasesOn,
  MANAGER,
  NOW,
  ONE,
  REDIS,
  RUBY,
  resolverFixture,
  STARTED,
  TRACE,
  TWO,
} from './resolver-fixture.suite.ts';

const told = {};
const CREATED = STARTED - 1_000;
const OTHER = 's_bbbbbbbbbbbb' as SystemId;
const EXPECTED = [...RUBY, ...REDIS].map((name) => `expected ${name}`).sort();

describe('a job that is created or pending', () => {
  it('is expected to need what jobs of its name used, where they ran lately, and costs no request', async () => {
    const { store, put, hear, requests } = resolverFixture({
      registrations: [{ host: TWO, systemIds: [OTHER] }],
    });
    put(11);
    await hear(11, 'ended', { told });
    put(12, { systemId: OTHER, finishedAt: (FINISHED + 1) as Millis }, TRACE.replace(MANAGER, OTHER));
    await hear(12, 'ended', { told: { finishedAt: FINISHED + 1 } });
    const before = requests();
    expect(await hear(13, 'expected', { told })).toEqual({ outcome: 'expected', uses: 0, hosts: [TWO, ONE] });
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).toEqual(EXPECTED);
    expect(requests()).toEqual(before);
  });

  it('is expected for four hours from its creation, however often and late that is said', async () => {
    const { store, put, hear, clock } = resolverFixture();
    put(11);
    await hear(11, 'ended', { told });
    await hear(12, 'expected', { told });
    clock.advance(2 * HOUR);
    await hear(12, 'expected', { told, receivedAt: NOW + 2 * HOUR });
    expect(await leasesOn(store, ONE, CREATED + 4 * HOUR - 1)).toEqual(EXPECTED);
    expect(await leasesOn(store, ONE, CREATED + 4 * HOUR)).toEqual([]);
    clock.advance(2 * HOUR);
    expect(await hear(12, 'expected', { told })).toEqual({ outcome: 'no-lease', uses: 0, hosts: [] });
  });

  it('of which nothing is known leaves nothing', async () => {
    const { store, hear, requests } = resolverFixture();
    for (const options of [{ told }, {}]) {
      expect(await hear(12, 'expected', options)).toEqual({ outcome: 'nothing-known', uses: 0, hosts: [] });
    }
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
    expect(requests()).toEqual({ job: 0, trace: 0 });
  });

  it('of a name whose jobs ran nobody knows where is expected nowhere', async () => {
    const { put, hear } = resolverFixture({ hosts: [] });
    put(11);
    await hear(11, 'ended', { told });
    expect(await hear(12, 'expected', { told })).toEqual({ outcome: 'unplaced', uses: 0, hosts: [] });
  });

  it('that runs already stays leased as it is', async () => {
    const { store, put, hear } = resolverFixture();
    put(11);
    await hear(11, 'ended', { told });
    await hear(12, 'running', { told });
    await hear(12, 'expected', { told });
    const strengths = (await store.leases(ONE, NOW as Millis)).map(({ strength }) => strength);
    expect(strengths).toEqual(Array(5).fill('predicted'));
  });
});

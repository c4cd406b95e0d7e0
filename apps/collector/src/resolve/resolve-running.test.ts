import { describe, expect, it } from 'vitest';
import {
  FINISHED,
  HEADER,
  HOUR,
  instance,
  leasesOn,
  MANAGER,
  NOW,
  ONE,
  project,
  REDIS,
  RUBY,
  RUBY_ID,
  resolverFixture,
  SERVICE,
  STARTED,
  TWO,
  text,
  usesOn,
} from './resolver-fixture.suite.ts';

describe('a running job', () => {
  it('of a name that is not known is leased and recorded from its trace', async () => {
    const { store, put, hear, waits } = resolverFixture();
    put(11, { status: 'running' });
    expect(await hear(11, 'running')).toEqual({ outcome: 'recorded', uses: 2, hosts: [ONE] });
    expect(await leasesOn(store, ONE, NOW)).toEqual(
      [...RUBY, ...REDIS].map((name) => `confirmed ${name}`).sort(),
    );
    expect(await leasesOn(store, ONE, STARTED + HOUR)).toEqual([]);
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(STARTED);
    expect(waits).toEqual([]);
  });

  it('is leased at once from what a job of its name used last, without its trace', async () => {
    const { store, put, hear, gitlab } = resolverFixture();
    put(11);
    await hear(11, 'ended');
    put(12, { status: 'running' }, '');
    expect(await hear(12, 'running')).toEqual({ outcome: 'predicted', uses: 0, hosts: [ONE] });
    expect(await leasesOn(store, ONE, NOW)).toEqual(
      [...RUBY, ...REDIS].map((name) => `predicted ${name}`).sort(),
    );
    expect(gitlab.calls('trace')).toBe(1);
  });

  it('is leased on every host of its manager, also where its containers were seen on one', async () => {
    const { store, put, hear } = resolverFixture({ hosts: [ONE, TWO], claimants: [TWO] });
    put(11);
    await hear(11, 'ended');
    put(12, { status: 'running' }, '');
    expect(await hear(12, 'running')).toMatchObject({ outcome: 'predicted', hosts: [ONE, TWO] });
    put(13, { status: 'running', name: 'new' });
    expect(await hear(13, 'running')).toMatchObject({ outcome: 'recorded', hosts: [TWO] });
    const expected = [...RUBY, ...REDIS].flatMap((name) => [`predicted ${name}`, `confirmed ${name}`]);
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).toEqual(expected.sort());
    expect(await usesOn(store, ONE)).toEqual({});
  });

  it('waits a little for a trace that says more', async () => {
    const held: { put?: () => void } = {};
    const { store, put, hear, waits } = resolverFixture({
      onWait: (count) => {
        if (count === 2) held.put?.();
      },
    });
    held.put = () => put(11, { status: 'running' });
    put(11, { status: 'running' }, text(HEADER));
    expect(await hear(11, 'running')).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect(waits).toEqual([250, 750]);
    expect(await leasesOn(store, ONE, NOW)).toHaveLength(5);
  });

  it('takes what there is when the wait is over, and expects nothing of its name from that', async () => {
    const { put, hear, ledger } = resolverFixture();
    put(11, { status: 'running' }, text(HEADER, SERVICE));
    expect(await hear(11, 'running')).toMatchObject({ outcome: 'recorded', uses: 1 });
    expect(await ledger.lastOf(instance, project, 'test')).toBeUndefined();
    put(12, { status: 'running' }, '');
    expect(await hear(12, 'running')).toEqual({ outcome: 'too-early', uses: 0, hosts: [] });
  });

  it('that has ended meanwhile is resolved as ended', async () => {
    const { store, put, hear } = resolverFixture();
    put(11);
    expect(await hear(11, 'running')).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
  });

  it('gets no lease by an event that comes late, and no longer one by an event that comes twice', async () => {
    const { store, put, hear, clock } = resolverFixture();
    put(11, { status: 'running' });
    await hear(11, 'running');
    clock.advance(HOUR / 2);
    await hear(11, 'running');
    expect(await leasesOn(store, ONE, STARTED + HOUR)).toEqual([]);
    clock.advance(HOUR / 2);
    expect(await hear(11, 'running')).toEqual({ outcome: 'no-lease', uses: 0, hosts: [] });
  });

  it('whose manager nobody has registered is parked', async () => {
    const { store, put, hear } = resolverFixture({ hosts: [] });
    put(11, { status: 'running' });
    expect(await hear(11, 'running')).toEqual({ outcome: 'parked', uses: 2, hosts: [] });
    expect(await store.unpark(MANAGER, [ONE])).toBeGreaterThan(0);
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(STARTED);
  });
});

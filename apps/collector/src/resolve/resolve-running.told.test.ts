import type { Millis } from '@sideband/shared/clock';
import type { HostName, RunnerId, SystemId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import {
  FINISHED,
  HOUR,
  instance,
  leasesOn,
  MANAGER,
  NOW,
  ONE,
  REDIS,
  RUBY,
  RUBY_ID,
  RUNNER,
  resolverFixture,
  STARTED,
  TRACE,
  TWO,
  usesOn,
} from './resolver-fixture.suite.ts';

const told = {};
const PREDICTED = [...RUBY, ...REDIS].map((name) => `predicted ${name}`).sort();
const OTHER = 's_bbbbbbbbbbbb' as SystemId;

/** Hosts of one runner, each with a manager of its own. */
function fleet(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    host: `host-${index}` as HostName,
    systemIds: [`s_${String(index).padStart(12, '0')}` as SystemId],
  }));
}

/** Everything that is known of the runner; and a job of the name has ended on `one`. */
async function familiar(registrations: { host: HostName; systemIds: SystemId[] }[]) {
  const fixture = resolverFixture({ registrations });
  fixture.put(1);
  await fixture.hear(1, 'ended', { told });
  const managers = registrations.flatMap(({ systemIds }) => systemIds);
  await fixture.ledger.noteManagers(instance, RUNNER, managers, NOW as Millis);
  return { ...fixture, before: fixture.requests() };
}

describe('a running job of which the hook tells the runner', () => {
  it('is leased at once on all hosts of the runner, and GitLab is not asked', async () => {
    const { store, hear, requests, before, latencies } = await familiar(fleet(31));
    const hosts = [...fleet(31).map(({ host }) => host), ONE];
    const resolved = await hear(12, 'running', { told });
    expect(resolved).toMatchObject({ outcome: 'predicted', uses: 0 });
    expect([...resolved.hosts].sort()).toEqual([...hosts].sort());
    for (const host of hosts) expect(await leasesOn(store, host, NOW)).toEqual(PREDICTED);
    expect(await leasesOn(store, ONE, STARTED + HOUR)).toEqual([]);
    expect(requests()).toEqual(before);
    expect(latencies.at(-1)).toEqual(['lease', NOW - STARTED]);
  });

  it('of more hosts than 32 is asked for, and leased on its manager’s', async () => {
    const { store, put, hear, requests, before } = await familiar(fleet(32));
    put(12, { status: 'running' }, '');
    expect(await hear(12, 'running', { told })).toMatchObject({ outcome: 'predicted', hosts: [ONE] });
    expect(await leasesOn(store, 'host-0' as HostName, NOW)).toEqual([]);
    expect(requests()).toEqual({ ...before, job: before.job + 1 });
  });

  it('is asked for once, if nothing is known of its runner yet', async () => {
    const { store, put, hear, requests, ledger } = resolverFixture();
    put(11);
    await hear(11, 'ended', { told: { runner: undefined } });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([]);
    for (const id of [12, 13]) {
      put(id, { status: 'running' }, '');
      expect(await hear(id, 'running', { told })).toMatchObject({ outcome: 'predicted', hosts: [ONE] });
    }
    expect(requests()).toEqual({ job: 1, trace: 1 });
    expect(await leasesOn(store, ONE, NOW)).toEqual([...PREDICTED, ...PREDICTED].sort());
  });

  it('and whose end GitLab knows by then is resolved as ended', async () => {
    const { store, put, hear } = resolverFixture();
    put(11);
    await hear(11, 'ended', { told: { runner: undefined } });
    put(12);
    expect(await hear(12, 'running', { told })).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
  });

  it('is leased by its trace where GitLab does not know managers', async () => {
    const { store, put, hear, requests, ledger } = resolverFixture();
    put(11, { systemId: undefined });
    await hear(11, 'ended', { told: { runner: undefined } });
    for (const id of [12, 13]) {
      put(id, { status: 'running', systemId: undefined });
      await hear(id, 'running', { told });
    }
    expect(requests()).toEqual({ job: 1, trace: 2 });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
    const confirmed = PREDICTED.map((lease) => lease.replace('predicted', 'confirmed'));
    expect(await leasesOn(store, ONE, NOW)).toEqual([...confirmed, ...PREDICTED].sort());
  });

  it('of a name that is not known costs its trace alone', async () => {
    const { store, put, hear, requests, ledger } = resolverFixture();
    put(11, { status: 'running', runner: 99 as RunnerId });
    expect(await hear(11, 'running', { told })).toEqual({ outcome: 'recorded', uses: 2, hosts: [ONE] });
    expect(await leasesOn(store, ONE, NOW)).toEqual(
      PREDICTED.map((lease) => lease.replace('predicted', 'confirmed')),
    );
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(STARTED);
    // The hook’s word for the runner teaches nothing.
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([]);
    expect(requests()).toEqual({ job: 0, trace: 1 });
  });

  it('of a name and a manager that are not known is asked for besides', async () => {
    const { put, hear, requests } = resolverFixture();
    put(11, { status: 'running' }, TRACE.replace(/, system ID.*/, ''));
    expect(await hear(11, 'running', { told })).toMatchObject({ outcome: 'recorded', hosts: [ONE] });
    expect(requests()).toEqual({ job: 1, trace: 1 });
  });

  it('that an autoscaler placed is leased where jobs of its name ran lately', async () => {
    const { store, put, hear, requests } = resolverFixture({
      ...{ hosts: [], registrations: [{ host: TWO, instance: 'i-1' }, { host: ONE }], managers: [MANAGER] },
    });
    const scaled = TRACE.replace(
      '"docker" executor',
      '"docker-autoscaler" executor\nDialing instance i-1...',
    );
    put(11, {}, scaled);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', hosts: [TWO] });
    expect(await hear(12, 'running', { told })).toMatchObject({ outcome: 'predicted', hosts: [TWO] });
    expect(await leasesOn(store, TWO, NOW)).toEqual(PREDICTED);
    expect(requests()).toEqual({ job: 0, trace: 1 });
  });

  it('has no lease left anywhere when it has ended, wherever it ran', async () => {
    const { store, put, hear } = await familiar([{ host: TWO, systemIds: [OTHER] }]);
    await hear(12, 'expected', { told });
    await hear(12, 'running', { told });
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).not.toEqual([]);
    put(12, { systemId: OTHER }, TRACE.replace(MANAGER, OTHER));
    expect(await hear(12, 'ended', { told })).toMatchObject({ outcome: 'recorded', hosts: [TWO] });
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).toEqual([]);
    for (const late of ['running', 'expected'] as const) {
      expect(await hear(12, late, { told })).toMatchObject({ outcome: 'known' });
    }
    expect(await store.leases(TWO, NOW as Millis)).toEqual([]);
  });

  it('gets no lease when it is heard of late, and costs nothing', async () => {
    const { store, hear, clock, requests, before } = await familiar([]);
    clock.advance(HOUR);
    expect(await hear(12, 'running', { told })).toEqual({ outcome: 'no-lease', uses: 0, hosts: [] });
    expect(requests()).toEqual(before);
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
  });
});

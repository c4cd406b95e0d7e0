import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { HostName, JobId } from '@sideband/shared/names';
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
  RECEIVED,
  REDIS,
  REST,
  RUBY,
  RUBY_ID,
  RUNNER,
  resolverFixture,
  SERVICE,
  STARTED,
  TRACE,
  TWO,
  text,
  usesOn,
} from './resolver-fixture.suite.ts';

describe('an ended job', () => {
  it('becomes a use of each image under all its names, at the time it finished', async () => {
    const { store, put, hear, ledger, gitlab } = resolverFixture();
    put(11);
    expect(await hear(11, 'ended')).toEqual({ outcome: 'recorded', uses: 2, hosts: [ONE] });
    const expected = Object.fromEntries([...RUBY, ...REDIS].map((identity) => [identity, FINISHED]));
    expect(await usesOn(store, ONE)).toEqual(expected);
    expect((await store.lastUses(ONE)).get(RUBY_ID as never)).toMatchObject({
      source: 'trace',
      role: 'build',
      jobName: 'test',
      job: { instance, project, job: 11 },
    });
    expect([...(await store.repullable(ONE))].sort()).toEqual(RUBY.slice(1).sort());
    expect(await ledger.lastOf(instance, project, 'test')).toEqual({
      images: [
        { role: 'service', identities: REDIS },
        { role: 'build', identities: RUBY },
      ],
      hosts: [ONE],
    });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
    expect(gitlab.calls('trace')).toBe(1);
  });

  it('is known the second time, and GitLab is not asked again', async () => {
    const { put, hear, gitlab } = resolverFixture();
    put(11);
    await hear(11, 'ended');
    expect(await hear(11, 'ended')).toEqual({ outcome: 'known', uses: 0, hosts: [] });
    expect(await hear(11, 'running')).toEqual({ outcome: 'known', uses: 0, hosts: [] });
    expect(gitlab.calls('job')).toBe(1);
  });

  it('is recorded on every host that shares its manager', async () => {
    const { store, put, hear } = resolverFixture({ hosts: [ONE, TWO] });
    put(11);
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded', hosts: [ONE, TWO] });
    expect(await usesOn(store, TWO)).toEqual(await usesOn(store, ONE));
  });

  it('is recorded where its containers were seen, and its leases end wherever they may be', async () => {
    const claimants: HostName[] = [];
    const { store, put, hear, claims } = resolverFixture({ hosts: [ONE, TWO], claimants });
    put(11, { status: 'running' });
    await hear(11, 'running');
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).toHaveLength(5);
    claimants.push(TWO);
    put(11);
    expect(await hear(11, 'ended')).toEqual({ outcome: 'recorded', uses: 2, hosts: [TWO] });
    expect([...(await store.repullable(TWO))].sort()).toEqual([...RUBY].sort());
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(STARTED);
    expect((await usesOn(store, TWO))[RUBY_ID]).toBe(FINISHED);
    for (const host of [ONE, TWO]) expect(await leasesOn(store, host, NOW)).toEqual([]);
    expect(claims).toContainEqual({ gitlab: 'gitlab.example:8443', project, job: 11 });
  });

  it('is recorded where its containers were seen, also if nothing tells its manager', async () => {
    const { store, put, hear } = resolverFixture({
      ...{ hosts: [], registrations: [{ host: ONE }, { host: TWO }], claimants: [TWO] },
    });
    put(11, { systemId: undefined }, TRACE.replace(/, system ID.*/, ''));
    expect(await hear(11, 'ended')).toEqual({ outcome: 'recorded', uses: 2, hosts: [TWO] });
    expect((await usesOn(store, TWO))[RUBY_ID]).toBe(FINISHED);
    expect(await usesOn(store, ONE)).toEqual({});
  });

  it('makes no image re-pullable by its id on a host that did not see it, nor by another repository’s digest', async () => {
    const { store, put, hear } = resolverFixture({ hosts: [ONE, TWO] });
    put(11, {}, TRACE.replace('with digest ruby@', 'with digest victim/app@'));
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded', hosts: [ONE, TWO] });
    for (const host of [ONE, TWO]) {
      expect([...(await store.repullable(host))]).toEqual(['docker.io/library/ruby:3.3']);
      expect((await usesOn(store, host))[RUBY_ID]).toBe(FINISHED);
    }
  });

  it('is parked under its manager until a host registers', async () => {
    const { store, put, hear } = resolverFixture({ hosts: [] });
    put(11);
    expect(await hear(11, 'ended')).toEqual({ outcome: 'parked', uses: 2, hosts: [] });
    expect(await store.unpark(MANAGER, [TWO])).toBeGreaterThan(0);
    const all = Object.fromEntries([...RUBY, ...REDIS].map((identity) => [identity, FINISHED]));
    expect(await usesOn(store, TWO)).toEqual(all);
    expect([...(await store.repullable(TWO))].sort()).toEqual(RUBY.slice(1).sort());
  });

  it('takes its manager from the trace where GitLab does not tell it', async () => {
    const { put, hear } = resolverFixture();
    put(11, { systemId: undefined });
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded', hosts: [ONE] });
    put(12, { systemId: undefined }, TRACE.replace(/, system ID.*/, ''));
    expect(await hear(12, 'ended')).toEqual({ outcome: 'unplaced', uses: 2, hosts: [] });
    expect(await hear(12, 'ended')).toMatchObject({ outcome: 'known' });
  });

  it('cannot have been later than its receipt', async () => {
    const { store, put, hear } = resolverFixture();
    put(11, { finishedAt: (NOW + HOUR) as Millis });
    await hear(11, 'ended');
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(RECEIVED);
  });

  it.each([
    ['no-trace', ''],
    ['no-images', text(['Running with gitlab-runner 17.5.0 (abcdef12)'], REST)],
  ])('ends its leases with %s too', async (outcome, trace) => {
    const { store, put, hear } = resolverFixture();
    put(11, { status: 'running' });
    await hear(11, 'running');
    expect(await leasesOn(store, ONE, NOW)).not.toEqual([]);
    put(11, {}, trace);
    expect(await hear(11, 'ended')).toMatchObject({ outcome, uses: 0, hosts: [ONE] });
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'known' });
  });

  it('that was never picked up costs no trace', async () => {
    const { put, hear, gitlab } = resolverFixture();
    put(11, { status: 'canceled', startedAt: undefined, systemId: undefined });
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'never-ran' });
    expect(gitlab.calls('trace')).toBe(0);
  });

  it('of which the trace is gone has no trace, and one that is refused has none that counts', async () => {
    const { put, hear, gitlab } = resolverFixture();
    put(11);
    gitlab.fail('trace', new SidebandError('GITLAB_REFUSED'));
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'trace-refused', uses: 0, hosts: [ONE] });
    put(12);
    gitlab.fail('trace', new SidebandError('GITLAB_NOT_FOUND'));
    expect(await hear(12, 'ended')).toMatchObject({ outcome: 'no-trace' });
  });

  it('that failed while it was prepared does not change what is expected of its name', async () => {
    const { put, hear, ledger } = resolverFixture();
    put(11);
    await hear(11, 'ended');
    put(
      12,
      { status: 'failed', finishedAt: (FINISHED + 10) as Millis },
      text(HEADER, SERVICE, ['ERROR: Job failed (system failure): x']),
    );
    expect(await hear(12, 'ended')).toMatchObject({ outcome: 'recorded', uses: 1 });
    expect((await ledger.lastOf(instance, project, 'test'))?.images).toHaveLength(2);
  });

  it('survives a crash at any write: repeated, it leaves what an undisturbed run leaves', async () => {
    const calm = resolverFixture({ hosts: [ONE, TWO] });
    calm.put(11);
    await calm.hear(11, 'ended');
    const wanted = await Promise.all([ONE, TWO].map((host) => usesOn(calm.store, host)));

    let crashes = 0;
    for (; ; crashes += 1) {
      let writes = 0;
      const crash = <T extends object>(target: T): T =>
        new Proxy(target, {
          get(object, name) {
            const member = Reflect.get(object, name);
            if (typeof member !== 'function') return member;
            return async (...values: unknown[]) => {
              const isWrite = /^(record|note|end|park|remember|mark)/.test(String(name));
              if (isWrite && writes++ === crashes) throw new Error('killed');
              return await member.apply(object, values);
            };
          },
        });
      const { store, put, hear, ledger } = resolverFixture({
        hosts: [ONE, TWO],
        evidence: crash,
        ledger: crash,
      });
      put(11);
      const first = await hear(11, 'ended').catch((error: Error) => error.message);
      if (first !== 'killed') break;
      expect(await ledger.knownEnded(instance, project, [11 as JobId])).toEqual(new Set());
      expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded', uses: 2 });
      expect(await Promise.all([ONE, TWO].map((host) => usesOn(store, host)))).toEqual(wanted);
      expect(await store.recordedUses(ONE, 10)).toHaveLength(2);
    }
    // Two hosts: record, note and end for each; and the ledger's three.
    expect(crashes).toBe(9);
  });
});

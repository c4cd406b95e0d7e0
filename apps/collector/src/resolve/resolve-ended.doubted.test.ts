import type { JobId, RunnerId } from '@sideband/shared/names';
import { describe, expect, it, vi } from 'vitest';
import {
  FINISHED,
  HEADER,
  instance,
  MANAGER,
  ONE,
  project,
  RUBY_ID,
  RUNNER,
  resolverFixture,
  SERVICE,
  TRACE,
  text,
  usesOn,
} from './resolver-fixture.suite.ts';

const told = {};
const managers = [MANAGER];

describe('an ended job whose trace stops in its preparation', () => {
  const early = text(HEADER, SERVICE);

  it('is asked for, and its trace is read again', async () => {
    const { store, put, hear, requests, gitlab } = resolverFixture({ managers });
    put(11);
    const traces = [early, TRACE].map((trace) => [new TextEncoder().encode(trace)]);
    vi.spyOn(gitlab, 'trace').mockImplementation(async function* () {
      yield* traces.shift() ?? [];
    });
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
    expect(traces).toEqual([]);
    expect(requests().job).toBe(1);
  });

  it('has not ended where GitLab says so, and is recorded when it has', async () => {
    const { store, put, hear, ledger } = resolverFixture({ managers });
    put(11, { status: 'running' }, early);
    for (const attempt of [1, 2, 3]) {
      await expect(hear(11, 'ended', { told, attempt })).rejects.toMatchObject({
        code: 'GITLAB_UNAVAILABLE',
      });
    }
    expect(await hear(11, 'ended', { told, attempt: 4 })).toMatchObject({ outcome: 'not-ended' });
    expect(await ledger.knownEnded(instance, project, [11 as JobId])).toEqual(new Set());
    put(11);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
  });

  it('used no more than that where GitLab’s own list says that it has ended', async () => {
    const { put, hear, requests } = resolverFixture({ managers });
    put(11, { status: 'failed' }, early);
    const listed = { told: { confirmed: true } };
    expect(await hear(11, 'ended', listed)).toMatchObject({ outcome: 'recorded', uses: 1 });
    expect(await hear(11, 'ended', listed)).toMatchObject({ outcome: 'known' });
    expect(requests()).toEqual({ job: 0, trace: 1 });
  });
});

describe('a machine of the runner that nobody has confirmed', () => {
  it('costs a request once, and is then known', async () => {
    const { put, hear, requests, ledger } = resolverFixture();
    for (const id of [11, 12, 13]) {
      put(id);
      expect(await hear(id, 'ended', { told })).toMatchObject({ outcome: 'recorded' });
    }
    expect(requests()).toEqual({ job: 1, trace: 3 });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
  });

  it('is learnt without one where GitLab’s list names the runner', async () => {
    const { put, hear, requests, ledger } = resolverFixture();
    put(11);
    await hear(11, 'ended', { told: { confirmed: true } });
    expect(requests()).toEqual({ job: 0, trace: 1 });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
  });

  it('is not learnt of a runner that only a hook names, however many are invented', async () => {
    const { put, hear, ledger, requests } = resolverFixture({ managers });
    const own = 99 as RunnerId;
    for (let id = 1; id <= 300; id += 1) {
      const invented = `s_${String(id).padStart(12, '0')}`;
      put(id, { runner: own, systemId: undefined }, TRACE.replace(MANAGER, invented));
      expect(await hear(id, 'ended', { told })).toMatchObject({ outcome: 'parked' });
    }
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
    expect(await ledger.managersOf(instance, own)).toHaveLength(256);
    expect(requests()).toEqual({ job: 300, trace: 300 });
  });

  it('is not worth one where the job ran elsewhere', async () => {
    const { put, hear, requests } = resolverFixture();
    put(11, {}, TRACE.replace('Preparing the "docker"', 'Preparing the "shell"'));
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'no-images' });
    expect(requests()).toEqual({ job: 0, trace: 1 });
  });
});

import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { JobId } from '@sideband/shared/names';
import { describe, expect, it, vi } from 'vitest';
import {
  FINISHED,
  HOUR,
  instance,
  leasesOn,
  MANAGER,
  NOW,
  ONE,
  project,
  RECEIVED,
  RUBY_ID,
  RUNNER,
  resolverFixture,
  TRACE,
  TWO,
  text,
  usesOn,
} from './resolver-fixture.suite.ts';

const told = {};
const managers = [MANAGER];

describe('an ended job of which the hook tells the times', () => {
  it('costs GitLab its trace alone', async () => {
    const { store, put, hear, requests, ledger } = resolverFixture({ managers });
    put(11, { finishedAt: (FINISHED + 7) as Millis, name: 'else' });
    expect(await hear(11, 'ended', { told })).toEqual({ outcome: 'recorded', uses: 2, hosts: [ONE] });
    expect(requests()).toEqual({ job: 0, trace: 1 });
    expect((await store.lastUses(ONE)).get(RUBY_ID as never)).toMatchObject({
      ...{ at: FINISHED, jobName: 'test', source: 'trace' },
    });
    expect(await ledger.managersOf(instance, RUNNER)).toEqual([MANAGER]);
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'known' });
    expect(requests()).toEqual({ job: 0, trace: 1 });
  });

  it('cannot have been later than its receipt, nor made later', async () => {
    const { store, put, hear, ledger } = resolverFixture({ managers });
    put(11);
    const far = NOW + 400 * 24 * HOUR;
    await hear(11, 'ended', { told: { createdAt: far, startedAt: far, finishedAt: far } });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(RECEIVED);
    const known = await ledger.knownEnded(instance, project, [11 as JobId]);
    expect(known).toEqual(new Set([11]));
  });

  it('is asked for where the hook does not say when it ended', async () => {
    const { store, put, hear, requests } = resolverFixture({ managers });
    put(11);
    await hear(11, 'ended', { told: { finishedAt: undefined } });
    expect(requests()).toEqual({ job: 1, trace: 1 });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
  });

  it.each([
    ['one request', {}, 1],
    ['nothing where GitLab’s list says so', { confirmed: true }, 0],
  ])('that was never picked up costs %s, and is expected no longer', async (_, more, asked) => {
    const { store, put, hear, requests } = resolverFixture({ managers });
    put(11);
    await hear(11, 'ended', { told });
    await hear(12, 'expected', { told });
    expect(await leasesOn(store, ONE, NOW)).toHaveLength(5);
    put(12, { status: 'canceled', startedAt: undefined, runner: undefined, systemId: undefined });
    const never = { startedAt: undefined, runner: undefined, ...more };
    expect(await hear(12, 'ended', { told: never })).toEqual({ outcome: 'never-ran', uses: 0, hosts: [] });
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
    expect(await hear(12, 'expected', { told })).toMatchObject({ outcome: 'known' });
    expect(requests()).toEqual({ job: asked, trace: 1 });
  });

  it('that a hook alone says was never picked up is recorded as GitLab has it', async () => {
    const { store, put, hear } = resolverFixture({ managers });
    const never = { startedAt: undefined, runner: undefined };
    put(11);
    expect(await hear(11, 'ended', { told: never })).toMatchObject({ outcome: 'recorded', uses: 2 });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
    put(12, { status: 'running' });
    for (const attempt of [1, 2, 3]) {
      await expect(hear(12, 'ended', { told: never, attempt })).rejects.toMatchObject({ retry: 'later' });
    }
    expect(await hear(12, 'ended', { told: never, attempt: 4 })).toMatchObject({ outcome: 'not-ended' });
    put(12);
    expect(await hear(12, 'ended', { told })).toMatchObject({ outcome: 'recorded' });
    expect(await hear(99, 'ended', { told: never })).toMatchObject({ outcome: 'gone' });
  });

  it('that GitLab does not have leaves nothing', async () => {
    const { store, hear, requests, ledger } = resolverFixture({ managers });
    expect(await hear(99, 'ended', { told })).toEqual({ outcome: 'gone', uses: 0, hosts: [] });
    expect(requests()).toEqual({ job: 1, trace: 1 });
    expect(await usesOn(store, ONE)).toEqual({});
    expect(await ledger.knownEnded(instance, project, [99 as JobId])).toEqual(new Set());
  });

  it('has no trace yet for a moment', async () => {
    const { put, hear, requests, gitlab } = resolverFixture({ managers });
    put(11, { finishedAt: (NOW - 1_000) as Millis }, '');
    const just = { told: { finishedAt: NOW - 1_000 }, receivedAt: NOW };
    await expect(hear(11, 'ended', just)).rejects.toMatchObject({ code: 'GITLAB_UNAVAILABLE' });
    expect(requests()).toEqual({ job: 0, trace: 1 });
    gitlab.setTrace(project, 11 as JobId, TRACE);
    expect(await hear(11, 'ended', { ...just, attempt: 2 })).toMatchObject({ outcome: 'recorded' });
    put(12, {}, '');
    expect(await hear(12, 'ended', { ...just, attempt: 4 })).toMatchObject({ outcome: 'no-trace' });
  });

  it('that runs as GitLab has it is tried again, then dropped, wherever GitLab had to be asked', async () => {
    const { store, put, hear } = resolverFixture({ managers });
    put(11, { status: 'running' }, '');
    for (const attempt of [1, 2, 3]) {
      await expect(hear(11, 'ended', { told, attempt })).rejects.toMatchObject({
        code: 'GITLAB_UNAVAILABLE',
      });
    }
    expect(await hear(11, 'ended', { told, attempt: 4 })).toMatchObject({ outcome: 'not-ended' });
    put(11);
    expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded' });
    expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED);
  });

  it('is asked for where its trace does not name its manager', async () => {
    const { put, hear, requests } = resolverFixture({ managers });
    put(11, {}, TRACE.replace(/, system ID.*/, ''));
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', hosts: [ONE] });
    expect(requests()).toEqual({ job: 1, trace: 1 });
    put(12, {}, TRACE.replace(/, system ID.*/, ''));
    const systemId = MANAGER;
    expect(await hear(12, 'ended', { told: { systemId } })).toMatchObject({ outcome: 'recorded' });
    expect(requests()).toEqual({ job: 1, trace: 2 });
  });

  it.each(['GITLAB_RATE_LIMITED', 'GITLAB_UNAVAILABLE'] as const)(
    'waits in the queue while GitLab answers %s',
    async (code) => {
      const { put, hear, gitlab } = resolverFixture({ managers });
      put(11);
      gitlab.fail('trace', new SidebandError(code));
      await expect(hear(11, 'ended', { told })).rejects.toMatchObject({ code });
      gitlab.fail('trace', undefined);
      expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded' });
    },
  );

  it('that is found when no lease of it can be left is recorded, and nothing is ended', async () => {
    const { store, put, hear } = resolverFixture({ managers });
    const ends = vi.spyOn(store, 'endJob');
    const old = { createdAt: NOW - 5 * HOUR, startedAt: NOW - 3 * HOUR, finishedAt: NOW - 2 * HOUR };
    put(11);
    expect(await hear(11, 'ended', { told: old })).toMatchObject({ outcome: 'recorded' });
    expect(ends).not.toHaveBeenCalled();
    put(12);
    await hear(12, 'ended', { told: { ...old, createdAt: NOW - 4 * HOUR } });
    expect(ends).toHaveBeenCalledOnce();
  });
});

describe('the executor', () => {
  const introduce = (executor: string, ...lines: string[]): string =>
    TRACE.replace(
      'Preparing the "docker" executor',
      `Preparing the "${executor}" executor\n${lines.join('\n')}`,
    );

  it('docker-autoscaler names the machine, and the use is its host’s alone', async () => {
    const { store, put, hear } = resolverFixture({
      ...{ managers, registrations: [{ host: TWO, instance: 'i-0abc' }] },
    });
    put(11, {}, introduce('docker-autoscaler', 'Dialing instance i-0abc...', 'Instance i-0abc connected'));
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', hosts: [TWO] });
    expect((await usesOn(store, TWO))[RUBY_ID]).toBe(FINISHED);
    expect(await usesOn(store, ONE)).toEqual({});
  });

  it('docker+machine is one of Docker’s', async () => {
    const { put, hear } = resolverFixture({ managers });
    put(11, {}, introduce('docker+machine'));
    expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'recorded', uses: 2 });
  });

  const kubernetes = text(
    ['Running with gitlab-runner 17.5.0 (abcdef12)', `  on builder t1_abcdef, system ID: ${MANAGER}`],
    ['Preparing the "kubernetes" executor', 'Using Kubernetes executor with image ruby:3.3 ...'],
    ['Preparing environment', 'Running on pod via y...'],
  );
  const shell = text(
    ['Running with gitlab-runner 17.5.0 (abcdef12)', `  on builder t1_abcdef, system ID: ${MANAGER}`],
    [
      'Preparing the "shell" executor',
      'Using Shell (bash) executor...',
      'Preparing environment',
      'Running on x...',
    ],
  );

  it.each([
    ['kubernetes', kubernetes, []],
    ['no-images', shell, [ONE]],
  ])(
    'that is none of Docker’s: %s, and the next job of the name needs nothing',
    async (outcome, trace, hosts) => {
      const { store, put, hear, requests } = resolverFixture({ managers });
      put(10, { finishedAt: (FINISHED - 1) as Millis });
      await hear(10, 'ended', { told: { finishedAt: FINISHED - 1 } });
      put(11, {}, trace);
      expect(await hear(11, 'ended', { told })).toEqual({ outcome, uses: 0, hosts });
      expect((await usesOn(store, ONE))[RUBY_ID]).toBe(FINISHED - 1);
      expect(await store.unpark(MANAGER, [TWO])).toBe(0);
      expect(await hear(11, 'ended', { told })).toMatchObject({ outcome: 'known' });
      expect(await hear(12, 'running', { told })).toEqual({ outcome: 'no-images', uses: 0, hosts: [] });
      expect(await hear(12, 'expected', { told })).toEqual({ outcome: 'no-images', uses: 0, hosts: [] });
      expect(requests()).toEqual({ job: 0, trace: 2 });
    },
  );

  it.each([
    ['kubernetes', kubernetes],
    ['no-images', shell.replace('Preparing environment', '')],
  ])('is known from the start of a running job too: %s', async (outcome, trace) => {
    const { store, put, hear, waits } = resolverFixture({ managers });
    put(11, { status: 'running' }, trace);
    expect(await hear(11, 'running', { told })).toMatchObject({ outcome, uses: 0 });
    expect(await leasesOn(store, ONE, NOW)).toEqual([]);
    expect(await usesOn(store, ONE)).toEqual({});
    expect(waits).toEqual([]);
  });
});

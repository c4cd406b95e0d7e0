import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { JobId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { A, DAY, HOUR, instance, NOW, reconcilerFixture } from './reconciler-fixture.suite.ts';

/** A project with an old open job, so that both lists are read, after its first poll. */
async function polledOnce() {
  const fixture = reconcilerFixture();
  fixture.put(A, 1, 'manual', 3 * DAY);
  fixture.put(A, 2, 'manual', 3 * DAY);
  await fixture.poll();
  fixture.clock.advance(HOUR);
  return fixture;
}

const soon = (ms = 0): Millis => (NOW + HOUR + ms) as Millis;

describe('a job that changes while its project is polled', () => {
  it('ends between the two lists: the second says so', async () => {
    const { put, poll, state, takeQueued } = await polledOnce();
    put(A, 3, 'running', -HOUR + 60_000, { startedAt: soon(-50_000) });
    state.beforeList = (_, filter) => {
      if (filter === 'any') put(A, 3, 'success', -HOUR + 60_000);
    };
    await poll();
    expect(takeQueued()).toEqual(['1/3 ended', '1/3 running']);
  });

  it('ends between the two lists, too old for the second: the next poll finds it missing', async () => {
    const { put, poll, state, clock, takeQueued } = await polledOnce();
    state.beforeList = (_, filter) => {
      if (filter === 'any') put(A, 1, 'success', 3 * DAY);
    };
    await poll();
    expect(takeQueued()).toEqual([]);
    clock.advance(HOUR);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });

  it('begins between them', async () => {
    const { put, poll, state, clock, takeQueued } = await polledOnce();
    state.beforeList = (_, filter) => {
      if (filter === 'any') put(A, 1, 'running', 3 * DAY, { startedAt: soon() });
    };
    await poll();
    state.beforeList = () => undefined;
    clock.advance(HOUR / 2);
    await poll();
    expect(takeQueued()).toEqual(['1/1 running']);
  });

  it('is made, runs and ends between them, or after both', async () => {
    const { put, poll, state, clock, takeQueued } = await polledOnce();
    state.beforeList = (_, filter) => {
      if (filter === 'any') put(A, 3, 'success', -HOUR);
    };
    await poll();
    expect(takeQueued()).toEqual(['1/3 ended']);
    state.beforeList = () => undefined;
    put(A, 4, 'success', -HOUR);
    clock.advance(HOUR);
    await poll();
    expect(takeQueued()).toEqual(['1/3 ended', '1/4 ended']);
  });

  it('ends while the open list is between two pages', async () => {
    const { put, poll, state, clock, takeQueued } = reconcilerFixture();
    for (let id = 1; id <= 250; id += 1) put(A, id, 'manual', 3 * DAY);
    await poll();
    clock.advance(HOUR);
    state.afterListed = (_, count) => {
      if (count === 100) put(A, 10, 'success', 3 * DAY);
    };
    await poll();
    state.afterListed = () => undefined;
    await poll();
    expect(takeQueued()).toEqual(['1/10 ended']);
  });

  it('is retried: the old one has ended, the new one has its own id', async () => {
    const { put, poll, takeQueued } = await polledOnce();
    put(A, 1, 'failed', 3 * DAY);
    put(A, 9, 'running', -HOUR + 1_000, { startedAt: soon(-500) });
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended', '1/9 running']);
  });

  it('is sent back from skipped to created, long after', async () => {
    const { put, poll, clock, takeQueued } = await polledOnce();
    put(A, 2, 'skipped', 3 * DAY);
    await poll();
    clock.advance(HOUR);
    put(A, 2, 'running', 3 * DAY, { startedAt: soon(HOUR - 1_000) });
    await poll();
    clock.advance(HOUR);
    put(A, 2, 'success', 3 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/2 ended', '1/2 running']);
  });

  it('is lacking in a list of a replica that lags: asked for, and open again when it is seen', async () => {
    const { put, poll, memory, gitlab, clock, takeQueued } = await polledOnce();
    put(A, 1, 'success', 3 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
    expect(gitlab.calls('job')).toBe(0);
    put(A, 1, 'manual', 3 * DAY);
    clock.advance(HOUR);
    await poll();
    expect([...((await memory.project(instance, A))?.unsettled?.open.keys() ?? [])].sort()).toEqual([1, 2]);
    clock.advance(HOUR);
    put(A, 1, 'success', 3 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });

  it('ends between the lists of the first poll of all', async () => {
    const { put, poll, state, clock, takeQueued } = reconcilerFixture({ backFillMs: HOUR });
    put(A, 1, 'running', 3 * DAY, { startedAt: (NOW - DAY) as Millis });
    state.beforeList = (_, filter) => {
      if (filter === 'any') put(A, 1, 'success', 3 * DAY);
    };
    await poll();
    clock.advance(HOUR);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });
});

describe('a poll that is cut short', () => {
  it.each([
    ['by a limit', new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 1_000 })],
    ['by a GitLab that does not answer', new SidebandError('GITLAB_UNAVAILABLE')],
  ])('%s in the middle of a list leaves everything to the next', async (_, failure) => {
    const { put, poll, state, clock, memory, takeQueued } = await polledOnce();
    const before = await memory.project(instance, A);
    put(A, 1, 'success', 3 * DAY);
    for (let id = 3; id <= 300; id += 1) put(A, id, 'success', -HOUR + 60_000);
    state.afterListed = (_project, count) => {
      if (count === 150) throw failure;
    };
    await poll().catch((error) => expect(error).toMatchObject({ code: failure.code }));
    expect(await memory.project(instance, A)).toEqual(before);
    expect(takeQueued()).toHaveLength(100);

    state.afterListed = () => undefined;
    clock.advance(60_000);
    await poll();
    expect(takeQueued()).toHaveLength(299);
  });

  it('by a Redis that takes no more events', async () => {
    const { put, poll, state, memory, takeQueued } = await polledOnce();
    const before = await memory.project(instance, A);
    put(A, 1, 'success', 3 * DAY);
    state.enqueueFailure = new SidebandError('REDIS_UNAVAILABLE');
    await expect(poll()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    expect(await memory.project(instance, A)).toEqual(before);
    state.enqueueFailure = undefined;
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });

  it('by the end of the collector, in the middle of a list, and fails nothing', async () => {
    const { put, poll, state, closing, memory, takeQueued } = await polledOnce();
    const before = await memory.project(instance, A);
    for (let id = 3; id <= 300; id += 1) put(A, id, 'success', -HOUR + 60_000);
    state.afterListed = (_, count) => {
      if (count === 150) closing.abort();
    };
    expect(await poll()).toEqual({ projects: 0, jobs: 0, missed: 0, unparked: 0 });
    expect(await memory.project(instance, A)).toEqual(before);
    expect(takeQueued()).toHaveLength(100);
  });

  it('takes over what the back-fill of another collector has added to what is owed', async () => {
    const { put, poll, state, memory, clock, takeQueued } = await polledOnce();
    const job = { createdAt: (NOW - 5 * DAY) as Millis, since: soon() };
    state.beforeList = () => {
      state.beforeList = () => undefined;
      void memory.project(instance, A).then(async (kept) => {
        if (kept?.unsettled === undefined) return;
        const unsettled = { ...kept.unsettled, owed: new Map([[99 as JobId, job]]) };
        await memory.keepProject(instance, A, { ...kept, unsettled });
      });
    };
    put(A, 3, 'success', -HOUR + 60_000);
    await poll();
    const owed = (await memory.project(instance, A))?.unsettled?.owed;
    expect([...(owed ?? [])].sort(([a], [b]) => a - b)).toEqual([
      [3, { createdAt: soon(-60_000), since: soon() }],
      [99, job],
    ]);
    clock.advance(HOUR);
    takeQueued();
    await poll();
    expect(takeQueued()).toContain('1/99 ended');
  });

  it('is begun twice at a time: either memory will do', async () => {
    const { put, poll, memory, clock, takeQueued } = await polledOnce();
    put(A, 1, 'running', 3 * DAY);
    put(A, 3, 'running', -HOUR + 60_000);
    const first = await memory.project(instance, A);
    await poll();
    const second = await memory.project(instance, A);
    put(A, 1, 'success', 3 * DAY);
    put(A, 3, 'success', -HOUR + 60_000);
    clock.advance(HOUR);
    takeQueued();
    for (const kept of [first, second]) {
      if (kept !== undefined) await memory.keepProject(instance, A, kept);
      await poll();
      expect(takeQueued()).toEqual(['1/1 ended', '1/3 ended']);
    }
  });
});

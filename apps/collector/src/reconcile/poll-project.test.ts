import type { Millis } from '@sideband/shared/clock';
import type { RunnerId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { MOST_UNSETTLED } from './poll-memory.ts';
import { A, DAY, HOUR, instance, MANAGER, NOW, reconcilerFixture } from './reconciler-fixture.suite.ts';

const ago = (ms: number): Millis => (NOW - ms) as Millis;

describe('a poll of a project', () => {
  it('finds a three-day-old manual job that is started now', async () => {
    const { poll, put, clock, takeQueued, state } = reconcilerFixture();
    put(A, 1, 'manual', 3 * DAY);
    put(A, 2, 'manual', 3 * DAY);
    for (let id = 10; id < 400; id += 1) put(A, id, 'manual', 2 * DAY);
    await poll();
    clock.advance(HOUR);
    expect(takeQueued()).toEqual([]);

    put(A, 1, 'running', 3 * DAY, { startedAt: (NOW + HOUR - 60_000) as Millis });
    state.listed = { any: [], open: [], running: [] };
    await poll();
    expect(takeQueued()).toEqual(['1/1 running']);
    expect(state.listed.any).toEqual([399]);
    clock.advance(HOUR);
    put(A, 1, 'success', 3 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });

  it.each([
    ['next to younger ones', 3 * DAY],
    ['and none other is open', undefined],
  ])('finds a ten-day-old manual job that is started now, and its end once, %s', async (_, otherAgeMs) => {
    const { poll, put, clock, takeQueued, memory, state } = reconcilerFixture({ backFillMs: HOUR });
    put(A, 1, 'manual', 10 * DAY);
    if (otherAgeMs !== undefined) put(A, 2, 'manual', otherAgeMs);
    await poll();
    clock.advance(HOUR);
    put(A, 1, 'running', 10 * DAY, { startedAt: (NOW + HOUR - 60_000) as Millis });
    await poll();
    expect(takeQueued()).toEqual(['1/1 running']);
    clock.advance(HOUR);
    state.listed.open = [];
    await poll();
    expect(takeQueued()).toEqual([]);
    // It alone is no reason to read the open ones.
    expect(state.listed.open).toEqual(otherAgeMs === undefined ? [] : [2, 1]);
    clock.advance(HOUR);
    put(A, 1, 'success', 10 * DAY);
    expect(await poll()).toMatchObject({ missed: 1 });
    expect(takeQueued()).toEqual(['1/1 ended']);
    expect((await memory.project(instance, A))?.unsettled?.owed.size).toBe(0);
    clock.advance(5 * HOUR);
    await poll();
    expect(takeQueued()).toEqual([]);
  });

  it('finds one that is started and ends between two polls', async () => {
    const { poll, put, clock, takeQueued } = reconcilerFixture();
    put(A, 1, 'manual', 3 * DAY);
    for (let id = 10; id < 400; id += 1) put(A, id, 'skipped', 2 * DAY);
    await poll();
    clock.advance(HOUR);
    put(A, 1, 'success', 3 * DAY, { startedAt: ago(0), finishedAt: ago(-60_000) });
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
  });

  it('asks for what is gone, and leaves it to the resolver to find out', async () => {
    const { poll, put, clock, queued, memory } = reconcilerFixture();
    put(A, 2, 'manual', 2 * DAY);
    await poll();
    const kept = await memory.project(instance, A);
    clock.advance(HOUR);
    // As if job 1 had been there at the last poll.
    const open = new Map([[1, ago(3 * DAY)], ...(kept?.unsettled?.open ?? [])]) as Map<never, Millis>;
    await memory.keepProject(instance, A, {
      ...{ begunAt: ago(0), highest: 2 },
      unsettled: { open, owed: new Map() },
    });
    expect(await poll()).toMatchObject({ missed: 1 });
    expect([...queued.values()]).toEqual([
      { instance, project: 1, job: 1, status: 'ended', receivedAt: NOW + HOUR },
    ]);
  });

  it('gives the resolver all that the list says of an ended job', async () => {
    const { poll, put, queued } = reconcilerFixture();
    const times = { startedAt: ago(50_000), finishedAt: ago(10_000) };
    put(A, 1, 'failed', 60_000, { ...times, name: 'rspec', runner: 8 as RunnerId, systemId: MANAGER });
    put(A, 2, 'canceled', 60_000, { name: 'never ran' });
    await poll();
    const about = { instance, project: 1, status: 'ended', receivedAt: NOW };
    const createdAt = ago(60_000);
    expect([...queued.values()]).toEqual([
      { ...about, job: 2, details: { name: 'never ran', createdAt, confirmed: true } },
      {
        ...about,
        job: 1,
        details: { name: 'rspec', createdAt, confirmed: true, ...times, runner: 8, systemId: MANAGER },
      },
    ]);
  });

  it('hints at jobs that began, or are waiting, within the last hour', async () => {
    const { poll, put, takeQueued } = reconcilerFixture();
    put(A, 1, 'running', DAY, { startedAt: ago(1_000) });
    put(A, 2, 'running', DAY, { startedAt: ago(HOUR) });
    put(A, 3, 'pending', 2 * HOUR);
    put(A, 4, 'pending', 1_000);
    put(A, 5, 'created', 1_000);
    put(A, 6, 'manual', 1_000);
    put(A, 7, 'canceling', HOUR, { startedAt: ago(2_000) });
    await poll();
    expect(takeQueued()).toEqual(['1/1 running', '1/4 expected', '1/5 expected', '1/7 running']);
  });

  it('reads the running jobs and the new ones where all that is open is young', async () => {
    const { poll, put, clock, state } = reconcilerFixture();
    put(A, 1, 'success', DAY);
    put(A, 2, 'running', 60_000);
    await poll();
    clock.advance(HOUR);
    state.pages = 0;
    state.listed.open = [];
    await poll();
    expect(state.pages).toBe(2);
    expect(state.listed.open).toEqual([]);
  });

  it('comes by every open job, also where an id is lower than that of an older job', async () => {
    const { poll, put, clock, takeQueued, state } = reconcilerFixture();
    put(A, 1, 'running', HOUR - 1);
    put(A, 2, 'success', HOUR + 1);
    await poll();
    takeQueued();
    clock.advance(HOUR);
    state.listed = { any: [], open: [], running: [] };
    await poll();
    expect(state.listed).toEqual({ any: [2, 1], open: [], running: [1] });
    expect(takeQueued()).toEqual(['1/2 ended']);
  });

  it('finds an id that GitLab commits late', async () => {
    const { poll, put, end, clock, takeQueued } = reconcilerFixture();
    put(A, 6, 'success', 60_000);
    await end(A, 6, 60_000);
    await poll();
    clock.advance(HOUR);
    put(A, 5, 'success', HOUR - 60_000);
    await poll();
    expect(takeQueued()).toEqual(['1/5 ended']);
  });

  it('stops bringing it up when the ledger knows it', async () => {
    const { poll, put, end, clock, takeQueued } = reconcilerFixture();
    put(A, 1, 'success', 60_000);
    for (let hour = 0; hour < 5; hour += 1) {
      expect(await poll()).toMatchObject({ missed: hour === 0 ? 1 : 0 });
      expect(takeQueued()).toEqual(['1/1 ended']);
      clock.advance(HOUR);
    }
    await end(A, 1, 60_000);
    await poll();
    expect(takeQueued()).toEqual([]);
  });

  it('brings up what the ledger does not know, after twice as long each time, until it is too old', async () => {
    const { poll, put, clock, queued, memory } = reconcilerFixture();
    put(A, 1, 'success', 60_000);
    for (let hour = 0; hour < 8 * 24; hour += 1) {
      await poll();
      clock.advance(HOUR);
    }
    const window = Math.floor(NOW / (2 * HOUR));
    const ids = [0, 1, 2, 3, 4, 5, 6].map((times) => `gitlab.example-1-1-ended-poll-${window}-${times}`);
    expect([...queued.keys()]).toEqual(ids);
    const hours = [...queued.values()].map(({ receivedAt }) => (receivedAt - NOW) / HOUR);
    expect(hours).toEqual([0, 4, 8, 16, 32, 64, 128]);
    expect((await memory.project(instance, A))?.unsettled?.owed.size).toBe(0);
  });

  it('looks at nothing that was created before the look-back, unless the last poll was late', async () => {
    const { poll, put, clock, takeQueued } = reconcilerFixture({ backFillMs: HOUR });
    put(A, 1, 'manual', 7 * DAY + 1);
    put(A, 2, 'manual', 7 * DAY);
    await poll();
    clock.advance(2 * HOUR);
    put(A, 1, 'success', 7 * DAY + 1);
    put(A, 2, 'success', 7 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/2 ended']);
    await poll();
    expect(takeQueued()).toEqual([]);
  });

  it('reads the whole look-back as long as too many jobs are open', async () => {
    const { poll, put, clock, takeQueued, state } = reconcilerFixture();
    for (let id = 1; id <= MOST_UNSETTLED + 2; id += 1) put(A, id, 'manual', 3 * DAY);
    await poll();
    clock.advance(HOUR);
    put(A, 1, 'success', 3 * DAY);
    state.pages = 0;
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended']);
    expect(state.pages).toBe(52);
    clock.advance(HOUR);
    put(A, 2, 'success', 3 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended', '1/2 ended']);
    // From the first poll on; with one job less the third remembers them, and the fourth reads the open ones again.
    expect(state.listed.open).toHaveLength(MOST_UNSETTLED + 2);
    await poll();
    expect(state.listed.open).toHaveLength(MOST_UNSETTLED + 2 + MOST_UNSETTLED);
  }, 30_000);

  it('leaves old jobs of an import alone, and does not stop at them', async () => {
    const { poll, put, clock, takeQueued } = reconcilerFixture();
    put(A, 1, 'success', 60_000);
    await poll();
    takeQueued();
    clock.advance(HOUR);
    put(A, 2, 'success', -60_000);
    put(A, 3, 'success', 90 * DAY);
    await poll();
    expect(takeQueued()).toEqual(['1/1 ended', '1/2 ended']);
  });
});

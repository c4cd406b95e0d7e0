import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { createBackFiller } from './back-filler.ts';
import { createLeisure } from './leisure.ts';
import { MOST_BACK_FILLS } from './poll-memory.ts';
import { A, B, C, DAY, HOUR, instance, NOW, reconcilerFixture } from './reconciler-fixture.suite.ts';

type Fixture = ReturnType<typeof reconcilerFixture>;

/** So many ended jobs an hour, back from now. Ids of all projects together rise with time, as in GitLab. */
function putHistory({ put }: Fixture, projects: readonly number[], days: number, hourly = 1): number {
  const total = days * 24 * hourly * projects.length;
  let id = total;
  for (let at = 0; at < days * DAY; at += HOUR / hourly) {
    for (const project of projects) {
      put(project as typeof A, id, 'success', at + 1);
      id -= 1;
    }
  }
  return total;
}

const laterOf = ({ queued }: Fixture) => [...queued.values()].filter(({ priority }) => priority === 'later');

describe('the back-fill', () => {
  it('reads so many days back, and says how far it is', async () => {
    const fixture = reconcilerFixture({ projects: [A, B], backFillMs: 5 * DAY });
    putHistory(fixture, [A, B], 10);
    expect(await fixture.reconciler.progress()).toEqual([
      { instance, projects: { done: 0, total: 0 }, found: 0, reachedAt: undefined },
    ]);
    await fixture.poll();
    const begunAt = fixture.clock.now() - 2_000;
    const [progress] = await fixture.reconciler.progress();
    expect(progress).toMatchObject({ instance, projects: { done: 2, total: 2 } });
    expect(progress?.reachedAt).toBe(begunAt + 2_000 - 5 * DAY);
    // Some of the youngest are found by the poll itself as well; the queue knows their ids.
    expect(fixture.queued.size).toBe(2 * 5 * 24);
    expect(laterOf(fixture).length).toBe(2 * 5 * 24 - 2 * 2);
  });

  it('may reach further back than polls do', async () => {
    const fixture = reconcilerFixture({ backFillMs: 30 * DAY });
    putHistory(fixture, [A], 40);
    await fixture.poll();
    expect(fixture.queued.size).toBe(30 * 24);
  });

  it('brings the newest of all projects first', async () => {
    const fixture = reconcilerFixture({ projects: [A, B, C] });
    putHistory(fixture, [A, B, C], 7);
    await fixture.poll();
    const days = laterOf(fixture).map(({ details }) => Math.floor((NOW - (details?.createdAt ?? 0)) / DAY));
    const firstOf = (day: number) => days.indexOf(day);
    // By steps: the last day of every project comes before anything else, then the one before it, …
    const untilDayOne = days.slice(0, firstOf(1));
    expect(untilDayOne).toHaveLength(3 * 22);
    expect(firstOf(1)).toBeLessThan(firstOf(2));
    expect(days.slice(0, firstOf(4)).filter((day) => day < 4)).toHaveLength(3 * (4 * 24 - 2));
  });

  it('waits while too many of its events wait', async () => {
    const fixture = reconcilerFixture();
    putHistory(fixture, [A], 7, 100);
    fixture.state.laterWaiting = 1_000;
    const begunAt = fixture.clock.now();
    await fixture.poll();
    expect(laterOf(fixture)).toEqual([]);
    // Until the next poll is due.
    expect(fixture.clock.now() - begunAt).toBe(0.9 * HOUR);
    fixture.state.onWait = () => {
      fixture.state.laterWaiting = laterOf(fixture).length;
    };
    fixture.state.laterWaiting = 0;
    await fixture.poll();
    expect(laterOf(fixture).length).toBeGreaterThan(100);
  });

  it('goes on at the page where a crash has stopped it', async () => {
    const fixture = reconcilerFixture();
    const { state, poll, queued } = fixture;
    putHistory(fixture, [A], 7, 10);
    state.afterListed = (_, count) => {
      if (count === 1_250) throw new Error('killed');
    };
    await expect(poll()).rejects.toThrow('killed');
    const kept = await fixture.memory.backFill(instance, A);
    const below = kept?.below ?? 0;
    expect(below).toBeGreaterThan(0);
    for (const { job, details } of queued.values())
      await fixture.end(A, job, NOW - (details?.createdAt ?? 0));
    const found = queued.size;
    queued.clear();
    state.afterListed = () => undefined;
    state.ledgerAsked = [];
    await poll();
    expect(found + queued.size).toBe(7 * 240);
    // First the poll asks for its own page, and for the jobs that are owed.
    const pages = state.ledgerAsked.slice(1 + Math.ceil(found / 500));
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages.flat())).toBe(below - 1);
    expect((await fixture.reconciler.progress())[0]?.projects).toEqual({ done: 1, total: 1 });
  });

  it('ends early for a gap, and goes on with the next poll', async () => {
    const fixture = reconcilerFixture();
    putHistory(fixture, [A], 7, 10);
    fixture.state.afterListed = (_, count) => {
      if (count === 500) void fixture.reconciler.gap('redis-is-back');
    };
    await fixture.poll();
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 0, total: 1 } }]);
    fixture.state.afterListed = () => undefined;
    await fixture.poll();
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 1, total: 1 } }]);
    expect(fixture.queued.size).toBe(7 * 240);
  });

  it('looks whether it may go on also while it reads again what is above', async () => {
    const fixture = reconcilerFixture();
    const { state, poll } = fixture;
    putHistory(fixture, [A], 7, 30);
    const most = 7 * 24 * 30;
    state.afterListed = (_, count) => {
      if (count === 4_500) void fixture.reconciler.gap('redis-is-back');
    };
    await poll();
    const below = (await fixture.memory.backFill(instance, A))?.below ?? 0;
    expect(most - below).toBeGreaterThan(4_000);
    state.listed.any = [];
    state.afterListed = (_, count) => {
      if (count === 1_500) void fixture.reconciler.gap('redis-is-back');
    };
    await poll();
    expect(state.listed.any.length).toBeLessThan(2_200);
    expect((await fixture.memory.backFill(instance, A))?.below).toBe(below);
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 0, total: 1 } }]);
    state.afterListed = () => undefined;
    await poll();
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 1, total: 1 } }]);
  });

  it('of one GitLab does not wait for the room or the failures of another', async () => {
    const name = 'other.example' as InstanceName;
    const other = createMemoryGitLab({ instance: name, host: 'other.example' });
    other.put({ project: B, id: 9 as JobId, status: 'success', createdAt: (NOW - 3 * DAY) as Millis });
    const fixture = reconcilerFixture({ others: [other] });
    putHistory(fixture, [A], 7);
    fixture.state.waitingOf.set(name, 0);
    fixture.state.laterWaiting = 1_000;
    await fixture.poll();
    expect(await fixture.reconciler.progress()).toMatchObject([
      { instance, projects: { done: 0, total: 1 } },
      { instance: name, projects: { done: 1, total: 1 } },
    ]);
  });

  it('forgets those that were done first where there are more than can be kept', async () => {
    const fixture = reconcilerFixture();
    const { memory, clock } = fixture;
    const fill = { begunAt: NOW as Millis, reachedAt: NOW as Millis, below: undefined, found: 0 };
    const done = { ...fill, target: NOW as Millis };
    const fills = new Map(
      Array.from({ length: MOST_BACK_FILLS + 2 }, (_, index) => [(index + 10) as ProjectId, done]),
    );
    fills.set(10 as ProjectId, { ...done, begunAt: (NOW + 1) as Millis });
    let forgotten: readonly ProjectId[] = [];
    const filler = createBackFiller({
      ...{ gitlabs: new Map([[instance, fixture.gitlab]]), clock, log: silentLog(), ledger: fixture.ledger },
      memory: {
        ...memory,
        backFills: async () => fills,
        forgetBackFills: async (_, projects) => {
          forgotten = projects;
        },
      },
      laterWaiting: async () => 0,
      enqueue: async () => undefined,
      signal: fixture.closing.signal,
    });
    await filler.fill(
      NOW as Millis,
      createLeisure(async () => undefined, fixture.closing.signal),
    );
    expect(forgotten).toEqual([11, 12]);
    expect((await fixture.reconciler.progress())[0]?.projects.total).toBe(0);
  });

  it('waits when GitLab fails, and leaves it alone when that goes on', async () => {
    const fixture = reconcilerFixture();
    const { state, poll } = fixture;
    putHistory(fixture, [A], 7);
    let lists = 0;
    state.beforeList = () => {
      lists += 1;
      if (lists > 2) throw new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 42_000 });
    };
    expect(await poll()).toMatchObject({ projects: 1 });
    expect(state.waits).toEqual([42_000, 42_000, 42_000]);
    state.beforeList = () => undefined;
    await poll();
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 1, total: 1 } }]);
  });

  it('leaves out a project that it may not read any more', async () => {
    const fixture = reconcilerFixture({ projects: [A, B] });
    const { state, poll } = fixture;
    putHistory(fixture, [A, B], 7);
    const lists = new Map<number, number>();
    state.beforeList = (project) => {
      lists.set(project, (lists.get(project) ?? 0) + 1);
      if (project === A && (lists.get(project) ?? 0) > 2) throw new SidebandError('GITLAB_NOT_FOUND');
    };
    await poll();
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 2, total: 2 } }]);
    expect(laterOf(fixture).every(({ project }) => project === B)).toBe(true);
  });

  it('takes over what an absence of more than two days has left', async () => {
    const { poll, put, clock, queued } = reconcilerFixture();
    put(A, 1, 'success', 60_000);
    put(A, 2, 'manual', 60_000);
    await poll();
    clock.advance(5 * DAY);
    queued.clear();
    put(A, 2, 'success', 60_000);
    for (let day = 1; day <= 5; day += 1) put(A, day + 10, 'success', (-day + 0.5) * DAY);
    await poll();
    const jobs = (wanted: 'later' | undefined) =>
      [...queued.values()].filter(({ priority }) => priority === wanted).map(({ job }) => job);
    expect(jobs(undefined)).toEqual([15, 14, 2, 1]);
    // 1 is owed since the first poll, and looked up once: by then the ledger knows it.
    expect(jobs('later')).toEqual([13, 12, 11, 1]);
  });

  it('is not forgotten where an absence comes before its end', async () => {
    const fixture = reconcilerFixture();
    const { poll, clock, state } = fixture;
    putHistory(fixture, [A], 7);
    state.laterWaiting = 1_000;
    await poll();
    const target = (await fixture.memory.backFill(instance, A))?.target;
    clock.advance(3 * DAY);
    state.laterWaiting = 0;
    await poll();
    expect(await fixture.memory.backFill(instance, A)).toMatchObject({ reachedAt: target, target });
    expect(target).toBeLessThanOrEqual((NOW - 7 * DAY + 2_000) as Millis);
    expect(new Set([...fixture.queued.values()].map(({ job }) => job)).size).toBe(7 * 24);
  });

  it('forgets its progress a week after its end', async () => {
    const fixture = reconcilerFixture({ projects: [A, B] });
    putHistory(fixture, [A], 1);
    await fixture.poll();
    for (let day = 0; day < 7; day += 1) {
      fixture.clock.advance(DAY);
      await fixture.poll();
    }
    expect(await fixture.reconciler.progress()).toMatchObject([{ projects: { done: 0, total: 0 } }]);
  });
});

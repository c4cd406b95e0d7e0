import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { A, DAY, HOUR, NOW, reconcilerFixture } from './reconciler-fixture.suite.ts';

const projects = (count: number): ProjectId[] =>
  Array.from({ length: count }, (_, index) => (index + 1) as ProjectId);

/** After the first poll, and with nothing left to back-fill. */
async function settled(count: number, everyMs = HOUR) {
  const fixture = reconcilerFixture({ projects: projects(count), everyMs });
  await fixture.poll();
  fixture.state.waits = [];
  const begunAt = fixture.clock.now();
  return { ...fixture, tookMs: () => fixture.clock.now() - begunAt };
}

describe('a poll', () => {
  it('takes two seconds a project', async () => {
    const { poll, tookMs, state } = await settled(10);
    await poll();
    expect(tookMs()).toBe(18_000);
    expect(state.waits).toEqual(Array.from({ length: 9 }, () => 2_000));
  });

  it('takes no more than half of the time until the next', async () => {
    const { poll, tookMs } = await settled(3_000);
    await poll();
    expect(tookMs()).toBeGreaterThan(0.49 * HOUR);
    expect(tookMs()).toBeLessThanOrEqual(0.5 * HOUR);
  });

  it.each([
    ['when polls come by the minute', 60_000, 'poll'],
    ['after a gap', HOUR, 'gap-7'],
  ])('takes no leisure %s', async (_, everyMs, jobId) => {
    const { poll, state } = await settled(10, everyMs);
    await poll(jobId);
    expect(state.waits).toEqual([]);
  });

  it('takes none while the past of a project is to be read', async () => {
    const { poll, put, state } = reconcilerFixture({ projects: projects(10) });
    put(A, 1, 'success', DAY);
    state.laterWaiting = 1_000;
    await poll();
    state.waits = [];
    state.onWait = () => {
      state.laterWaiting = 0;
    };
    await poll();
    expect(state.waits).toEqual([5_000]);
  });

  it('hurries when a gap is noticed meanwhile, and so does the next', async () => {
    const { poll, state, reconciler } = await settled(10);
    state.onWait = () => {
      if (state.waits.length === 3) void reconciler.gap('hooks-were-refused');
    };
    expect(await poll()).toMatchObject({ projects: 10 });
    expect(state.waits).toHaveLength(3);
    expect(state.requested).toHaveLength(1);
    expect(await poll()).toMatchObject({ projects: 10 });
    expect(state.waits).toHaveLength(3);
    await poll();
    expect(state.waits).toHaveLength(12);
  });

  it('ends at once when the collector closes', async () => {
    const { poll, state, closing } = await settled(10);
    state.onWait = () => {
      if (state.waits.length === 3) closing.abort();
    };
    expect(await poll()).toEqual({ projects: 0, jobs: 0, missed: 0, unparked: 0 });
    expect(state.waits).toHaveLength(3);
  });
});

describe('a poll after an absence', () => {
  it('waits while the queue is so long that hooks would be refused', async () => {
    const { poll, state } = await settled(3);
    state.waiting = 10_001;
    state.onWait = () => {
      if (state.waits.length === 4) state.waiting = 10_000;
    };
    expect(await poll('gap-7')).toMatchObject({ projects: 3 });
    expect(state.waits).toEqual([5_000, 5_000, 5_000, 5_000]);
  });

  it('waits on its own queue after five minutes, and goes on where it was', async () => {
    const { poll, state, clock } = await settled(3);
    state.waiting = 10_001;
    const begunAt = clock.now();
    await expect(poll('gap-7')).rejects.toMatchObject({
      ...{ code: 'GITLAB_RATE_LIMITED', retryAfterMs: 60_000 },
    });
    expect(clock.now() - begunAt).toBe(5 * 60_000);
    state.waiting = 0;
    expect(await poll('gap-7')).toMatchObject({ projects: 3 });
  });

  it('does not wait for the queue of another GitLab', async () => {
    const name = 'other.example' as InstanceName;
    const other = createMemoryGitLab({ instance: name, host: 'other.example' });
    other.put({ project: A, id: 9 as JobId, status: 'success', createdAt: NOW as Millis });
    const { poll, state, takeQueued } = reconcilerFixture({ others: [other] });
    state.waitingOf.set(name, 0);
    state.waiting = 10_001;
    state.onWait = () => {
      // The other one has been through by then.
      if (state.waits.length === 2) expect(takeQueued()).toEqual(['1/9 ended']);
    };
    await expect(poll('gap-7')).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    expect(state.waits.length).toBeGreaterThan(2);
  });

  it('does not keep the collector from closing meanwhile', async () => {
    const { poll, state, closing } = await settled(3);
    state.waiting = 10_001;
    state.onWait = () => closing.abort();
    expect(await poll('gap-7')).toMatchObject({ projects: 0 });
  });
});

describe('a gap', () => {
  it('asks for a poll within half a minute, once for all that are noticed in it', async () => {
    const { reconciler, clock, state } = reconcilerFixture();
    await reconciler.gap('redis-is-back');
    clock.advance(20_000);
    await reconciler.gap('hooks-were-refused');
    clock.advance(10_000);
    await reconciler.gap('gitlab-is-back');
    const window = NOW / 30_000;
    expect(state.requested).toEqual([
      { jobId: `gap-${window + 1}`, delayMs: 30_000 },
      { jobId: `gap-${window + 2}`, delayMs: 30_000 },
    ]);
  });

  it('is forgotten without a word where Redis is away: its return is one', async () => {
    const { reconciler, state } = reconcilerFixture();
    state.requestFailure = new SidebandError('REDIS_UNAVAILABLE');
    await expect(reconciler.gap('collector-started')).resolves.toBeUndefined();
    state.requestFailure = undefined;
    await reconciler.gap('redis-is-back');
    expect(state.requested).toHaveLength(1);
  });
});

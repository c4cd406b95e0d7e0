import type { Millis } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import { A, DAY, HOUR, NOW, reconcilerFixture } from './reconciler-fixture.suite.ts';

/** A day of polls, by the hour, of one project that has been polled for longer than the look-back. */
async function dayOfPolls(jobsADay: number, everyManual: number) {
  const fixture = reconcilerFixture({ backFillMs: HOUR });
  const { put, end, poll, clock, state } = fixture;
  const apartMs = DAY / jobsADay;
  let id = 0;

  async function makeJobs(until: number): Promise<void> {
    while (NOW - 8 * DAY + id * apartMs < until) {
      const createdAt = NOW - 8 * DAY + id * apartMs;
      id += 1;
      const isManual = everyManual > 0 && id % everyManual === 0;
      put(A, id, isManual ? 'manual' : 'success', NOW - createdAt, { startedAt: createdAt as Millis });
      // Hooks are on time: what has ended is known, as far down as anybody looks.
      if (!isManual && createdAt > NOW - 3 * HOUR) await end(A, id, NOW - createdAt);
    }
  }

  await makeJobs(NOW);
  await poll();
  state.pages = 0;
  for (let hour = 1; hour <= 24; hour += 1) {
    clock.advance(NOW + hour * HOUR - clock.now());
    await makeJobs(clock.now());
    await poll();
  }
  return { pages: state.pages, queued: fixture.queued.size };
}

describe('pages of 100 that hourly polls of a project of 1,000 jobs a day ask for', () => {
  it.each([
    ['where none waits', 0, 2],
    // 700 of them are open within the look-back, and older ones behind it.
    ['where a tenth is manual and never started', 10, 10],
  ])('%s', async (_, everyManual, pagesAPoll) => {
    const { pages, queued } = await dayOfPolls(1_000, everyManual);
    expect(queued).toBe(0);
    expect(pages).toBe(24 * pagesAPoll);
  });
});

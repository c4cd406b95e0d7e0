import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Identity } from '@sideband/shared/evidence/model';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import {
  A,
  B,
  C,
  DAY,
  HOUR,
  instance,
  MANAGER,
  NOW,
  reconcilerFixture,
  registration,
} from './reconciler-fixture.suite.ts';

const jobsIn = (queued: ReturnType<typeof reconcilerFixture>['queued']): string[] =>
  [...queued.values()].map((event) => `${event.project}/${event.job} ${event.status}`).sort();

describe('a poll', () => {
  it('queues ended jobs within the look-back that are not known, however far back they were made', async () => {
    const { poll, put, end, queued, state } = reconcilerFixture();
    put(A, 1, 'success', 7 * DAY + 1);
    put(A, 2, 'failed', 7 * DAY);
    put(A, 3, 'success', 5 * DAY);
    put(A, 4, 'manual', 3 * DAY);
    put(A, 5, 'canceled', 2 * HOUR);
    put(A, 6, 'created', 1_000);
    await end(A, 3, 5 * DAY);
    expect(await poll()).toEqual({ projects: 1, jobs: 5, missed: 2, unparked: 0 });
    expect(jobsIn(queued)).toEqual(['1/2 ended', '1/5 ended']);
    expect([...queued.values()].every((event) => event.receivedAt === NOW)).toBe(true);
    expect(state.listed).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('queues jobs that have begun within the last hour', async () => {
    const { poll, put, queued } = reconcilerFixture();
    put(A, 1, 'running', DAY, NOW - 1_000);
    put(A, 2, 'running', DAY, NOW - HOUR);
    put(A, 3, 'pending', 1_000);
    await poll();
    expect(jobsIn(queued)).toEqual(['1/1 running']);
  });

  it('does not add an event again that waits, but brings it up after two hours', async () => {
    const { poll, put, queued, clock } = reconcilerFixture();
    put(A, 1, 'success', HOUR);
    await poll();
    await poll();
    expect([...queued.keys()]).toEqual([`gitlab.example-1-1-ended-poll-${Math.floor(NOW / (2 * HOUR))}`]);
    clock.advance(2 * HOUR);
    await poll();
    expect(queued.size).toBe(2);
  });

  it('looks again at a job that was waiting, and finds its end', async () => {
    const { poll, put, end, queued } = reconcilerFixture();
    put(A, 1, 'manual', 6 * DAY);
    for (let id = 2; id < 400; id += 1) {
      put(A, id, 'success', 5 * DAY);
      await end(A, id, 5 * DAY);
    }
    expect(await poll()).toMatchObject({ jobs: 399, missed: 0 });
    put(A, 1, 'success', 6 * DAY);
    expect(await poll()).toMatchObject({ jobs: 399, missed: 1 });
    expect(jobsIn(queued)).toEqual(['1/1 ended']);
  });

  it('does not read again what is settled', async () => {
    const { poll, put, end, state } = reconcilerFixture();
    for (const id of [1, 2, 3, 5]) {
      put(A, id, 'success', DAY);
      await end(A, id, DAY);
    }
    put(A, 4, 'manual', DAY);
    put(A, 6, 'success', HOUR - 1);
    await end(A, 6, HOUR - 1);
    await poll();
    state.listed = [];
    await poll();
    // Down to 3 all is settled; 4 still waits, and 6 is so young that an id below it may still appear.
    expect(state.listed).toEqual([6, 5, 4, 3]);
    put(A, 4, 'success', DAY);
    await end(A, 4, DAY);
    await poll();
    state.listed = [];
    await poll();
    expect(state.listed).toEqual([6, 5]);
  });

  it('goes on when a project is refused or gone', async () => {
    const { poll, put, queued, state } = reconcilerFixture([A, B, C]);
    for (const project of [A, B, C]) put(project, project, 'success', HOUR);
    state.failing.set(A, new SidebandError('GITLAB_REFUSED'));
    state.failing.set(B, new SidebandError('GITLAB_NOT_FOUND'));
    expect(await poll()).toEqual({ projects: 1, jobs: 1, missed: 1, unparked: 0 });
    expect(jobsIn(queued)).toEqual(['3/3 ended']);
  });

  it('stops where GitLab limits it, and begins there the next time', async () => {
    const { poll, put, queued, state } = reconcilerFixture([A, B, C]);
    for (const project of [A, B, C]) put(project, project, 'success', HOUR);
    state.failing.set(B, new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 30_000 }));
    await expect(poll()).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED', retryAfterMs: 30_000 });
    expect(jobsIn(queued)).toEqual(['1/1 ended']);
    state.failing.clear();
    queued.clear();
    await poll();
    expect([...queued.values()].map((event) => event.project)).toEqual([B, C, A]);
  });

  it('gives up on a GitLab that does not answer', async () => {
    const many = Array.from({ length: 50 }, (_, index) => (index + 1) as ProjectId);
    const { poll, state, gitlab } = reconcilerFixture(many);
    let asked = 0;
    for (const project of many) {
      state.failing.set(project, new SidebandError('GITLAB_UNAVAILABLE'));
    }
    const get = state.failing.get.bind(state.failing);
    state.failing.get = (project) => {
      asked += 1;
      return get(project);
    };
    expect(await poll()).toEqual({ projects: 0, jobs: 0, missed: 0, unparked: 0 });
    expect(asked).toBe(3);
    gitlab.fail('projects', new SidebandError('GITLAB_UNAVAILABLE'));
    expect(await poll()).toMatchObject({ projects: 0 });
  });

  it('says when Redis is away', async () => {
    const { poll, put, state } = reconcilerFixture();
    put(A, 1, 'success', HOUR);
    state.failing.set(A, new SidebandError('REDIS_UNAVAILABLE'));
    await expect(poll()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  });

  it('brings parked uses to every host that has registered their manager', async () => {
    const { poll, evidence, state } = reconcilerFixture([]);
    const image = 'docker.io/library/ruby:3.3' as Identity;
    const at = (NOW - HOUR) as Millis;
    const job = { instance, project: A, job: 1 as JobId };
    await evidence.park(MANAGER, [
      { job, jobName: 'test', role: 'build', identities: [image], at, receivedAt: at, source: 'trace' },
    ]);
    expect(await poll()).toMatchObject({ unparked: 0 });
    state.registrations = [registration('one'), registration('two')];
    expect(await poll()).toMatchObject({ unparked: 1 });
    for (const { host } of state.registrations) {
      expect((await evidence.lastUses(host)).get(image)?.at).toBe(at);
    }
    expect(await poll()).toMatchObject({ unparked: 0 });
  });
});

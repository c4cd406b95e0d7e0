import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Identity } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
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

describe('a poll', () => {
  it('queues ended jobs that are not known: those of two hours now, older ones to be looked up later', async () => {
    const { poll, put, end, queued } = reconcilerFixture();
    put(A, 1, 'success', 7 * DAY + 1);
    put(A, 2, 'failed', 7 * DAY);
    put(A, 3, 'success', 5 * DAY);
    put(A, 4, 'manual', 3 * DAY);
    put(A, 5, 'canceled', 2 * HOUR);
    put(A, 6, 'manual', 1_000);
    await end(A, 3, 5 * DAY);
    expect(await poll()).toEqual({ projects: 1, jobs: 3, missed: 1, unparked: 0 });
    const found = [...queued.values()].map(({ job, status, priority }) => [job, status, priority]);
    expect(found).toEqual([
      [5, 'ended', undefined],
      [2, 'ended', 'later'],
    ]);
    expect([...queued.values()].every((event) => event.receivedAt === NOW)).toBe(true);
  });

  it('goes on when a project is refused or gone', async () => {
    const { poll, put, takeQueued, state } = reconcilerFixture({ projects: [A, B, C] });
    for (const project of [A, B, C]) put(project, project, 'success', HOUR);
    state.failing.set(A, new SidebandError('GITLAB_REFUSED'));
    state.failing.set(B, new SidebandError('GITLAB_NOT_FOUND'));
    expect(await poll()).toEqual({ projects: 1, jobs: 1, missed: 1, unparked: 0 });
    expect(takeQueued()).toEqual(['3/3 ended']);
  });

  it('that a limit stopped goes on there when the queue begins it again; another one begins there', async () => {
    const { poll, put, queued, takeQueued, state } = reconcilerFixture({ projects: [A, B, C] });
    for (const project of [A, B, C]) put(project, project, 'success', HOUR);
    state.failing.set(B, new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 30_000 }));
    const limited = { code: 'GITLAB_RATE_LIMITED', retryAfterMs: 30_000 };
    await expect(poll('one')).rejects.toMatchObject(limited);
    expect(takeQueued()).toEqual(['1/1 ended']);
    await expect(poll('two')).rejects.toMatchObject(limited);
    state.failing.clear();
    await poll('two');
    expect([...queued.values()].map((event) => event.project)).toEqual([B, C, A]);
    queued.clear();
    await poll('three');
    expect([...queued.values()].map((event) => event.project)).toEqual([A, B, C]);
  });

  it('of another GitLab is not stopped by that', async () => {
    const name = 'other.example' as InstanceName;
    const other = createMemoryGitLab({ instance: name, host: 'other.example' });
    const { poll, put, takeQueued, state, evidence } = reconcilerFixture({ others: [other] });
    state.registrations = [registration('one')];
    other.put({ project: B, id: 9 as JobId, status: 'success', createdAt: (NOW - HOUR) as Millis });
    put(A, 1, 'success', HOUR);
    state.failing.set(A, new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 30_000 }));
    await expect(poll('one')).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED', retryAfterMs: 30_000 });
    expect(takeQueued()).toEqual(['2/9 ended']);
    state.failing.clear();
    const asked = other.calls('jobs');
    expect(await poll('one')).toMatchObject({ projects: 1 });
    expect(takeQueued()).toEqual(['1/1 ended']);
    expect(other.calls('jobs')).toBe(asked);
    expect((await evidence.fed(registration('one').host))?.at).toBe(NOW);
  });

  it('that waits for a limit goes on where it was also when another one came between', async () => {
    const { poll, put, takeQueued, state } = reconcilerFixture({ projects: [A, B, C] });
    for (const project of [A, B, C]) put(project, project, 'success', HOUR);
    const limit = new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 30_000 });
    state.failing.set(C, limit);
    await expect(poll('one')).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    state.failing.set(A, limit);
    await expect(poll('gap-7')).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED' });
    takeQueued();
    state.failing.clear();
    expect(await poll('one')).toMatchObject({ projects: 1 });
    expect(takeQueued()).toEqual(['3/3 ended']);
    expect(await poll('gap-7')).toMatchObject({ projects: 3 });
  });

  it('lets the others be back-filled while it waits for one GitLab', async () => {
    const name = 'other.example' as InstanceName;
    const other = createMemoryGitLab({ instance: name, host: 'other.example' });
    const { poll, put, takeQueued, state } = reconcilerFixture({ others: [other] });
    other.put({ project: B, id: 9 as JobId, status: 'success', createdAt: (NOW - 3 * DAY) as Millis });
    put(A, 1, 'success', HOUR);
    state.failing.set(A, new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 30_000 }));
    await expect(poll('one')).rejects.toMatchObject({ retryAfterMs: 30_000 });
    expect(takeQueued()).toEqual(['2/9 ended']);
  });

  it('has been through every project where limits stopped it again and again', async () => {
    const many = Array.from({ length: 9 }, (_, index) => (index + 1) as ProjectId);
    const { poll, clock, evidence, state } = reconcilerFixture({ projects: many });
    state.registrations = [registration('one')];
    const isLimited = { left: 0 };
    state.beforeList = () => {
      isLimited.left -= 1;
      if (isLimited.left < 0) throw new SidebandError('GITLAB_RATE_LIMITED');
    };
    for (let run = 0; run < 5; run += 1) {
      isLimited.left = 4;
      await poll('scheduled').catch(() => clock.advance(60_000));
    }
    expect((await evidence.fed(registration('one').host))?.at).toBe(NOW);
  });

  it('gives up on a GitLab that does not answer', async () => {
    const many = Array.from({ length: 50 }, (_, index) => (index + 1) as ProjectId);
    const { poll, state, gitlab } = reconcilerFixture({ projects: many });
    let asked = 0;
    state.failing.get = () => {
      asked += 1;
      return new SidebandError('GITLAB_UNAVAILABLE');
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
    const { poll, evidence, state } = reconcilerFixture({ projects: [] });
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

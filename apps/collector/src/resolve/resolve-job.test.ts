import { SidebandError } from '@sideband/shared/errors';
import { describe, expect, it } from 'vitest';
import {
  FINISHED,
  instance,
  NOW,
  ONE,
  project,
  resolverFixture,
  STARTED,
  usesOn,
} from './resolver-fixture.suite.ts';

describe('a hint', () => {
  it.each([
    ['ended', 'running', 'not-ended'],
    ['ended', 'manual', 'not-ended'],
    ['running', 'pending', 'not-running'],
  ] as const)(
    'that says %s of a job that is %s is tried again, then dropped',
    async (hint, status, outcome) => {
      const { store, put, hear } = resolverFixture();
      put(11, { status });
      for (const attempt of [1, 2, 3]) {
        await expect(hear(11, hint, { attempt })).rejects.toMatchObject({
          code: 'GITLAB_UNAVAILABLE',
          retry: 'later',
        });
      }
      expect(await hear(11, hint, { attempt: 4 })).toEqual({ outcome, uses: 0, hosts: [] });
      expect(await usesOn(store, ONE)).toEqual({});
    },
  );

  it('of a job GitLab does not know is dropped', async () => {
    const { hear } = resolverFixture();
    expect(await hear(99, 'ended')).toEqual({ outcome: 'gone', uses: 0, hosts: [] });
  });

  it.each(['GITLAB_RATE_LIMITED', 'GITLAB_UNAVAILABLE', 'GITLAB_REFUSED'] as const)(
    'passes %s on to the queue',
    async (code) => {
      const { put, hear, gitlab } = resolverFixture();
      put(11);
      gitlab.fail('job', new SidebandError(code));
      await expect(hear(11, 'ended')).rejects.toMatchObject({ code });
      gitlab.fail('job', undefined);
      if (code === 'GITLAB_REFUSED') return;
      gitlab.fail('trace', new SidebandError(code));
      await expect(hear(11, 'ended')).rejects.toMatchObject({ code });
      gitlab.fail('trace', undefined);
      expect(await hear(11, 'ended')).toMatchObject({ outcome: 'recorded' });
    },
  );

  it.each([
    ['an instance that is not configured', { instance: 'other.example' }],
    ['a name that is none', { instance: '../x' }],
    ['a project that is none', { project: 0 }],
    ['a job that is none', { job: 1.5 }],
    ['a runner that is none', { details: { name: 'test', createdAt: 0, runner: -1 } }],
    ['a manager that is none', { details: { name: 'test', createdAt: 0, systemId: 's_1' } }],
  ])('about %s is refused for good', async (_, change) => {
    const { send } = resolverFixture();
    const event = { instance, project, job: 1, status: 'ended' as const, receivedAt: NOW, ...change };
    await expect(send(event)).rejects.toMatchObject({ code: 'JOB_INVALID', retry: 'never' });
  });

  it('that is dealt with is counted by its outcome, and by how long GitLab’s news took', async () => {
    const { put, hear, outcomes, latencies } = resolverFixture();
    put(11);
    await hear(11, 'ended');
    await hear(11, 'ended');
    await hear(99, 'ended');
    put(12, { status: 'running', runner: undefined }, '');
    await hear(12, 'running');
    expect(outcomes).toEqual(['recorded', 'known', 'gone', 'predicted']);
    expect(latencies).toEqual([
      ['use', NOW - FINISHED],
      ['lease', NOW - STARTED],
    ]);
  });
});

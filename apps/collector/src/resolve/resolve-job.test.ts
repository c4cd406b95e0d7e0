import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import { silentLog } from '@sideband/shared/log';
import { describe, expect, it } from 'vitest';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createResolver } from './resolve-job.ts';
import { HOUR, instance, NOW, ONE, project, resolverFixture, usesOn } from './resolver-fixture.suite.ts';

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
        await expect(hear(11, hint, attempt)).rejects.toMatchObject({
          code: 'GITLAB_UNAVAILABLE',
          retry: 'later',
        });
      }
      expect(await hear(11, hint, 4)).toEqual({ outcome, uses: 0, hosts: [] });
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
  ])('about %s is refused for good', async (_, change) => {
    const clock = new ManualClock(NOW);
    const resolver = createResolver({
      gitlabs: new Map([[instance, createMemoryGitLab({ instance })]]),
      evidence: createMemoryEvidenceStore(),
      places: { placeOf: async () => ({ hosts: [], possible: [] }) },
      ledger: createMemoryLedger(clock, { lookBackMs: HOUR, endedJobs: 1, imagesMs: HOUR }),
      clock,
      log: silentLog(),
      wait: async () => undefined,
    });
    const event = { instance, project, job: 1, status: 'ended' as const, receivedAt: NOW, ...change };
    await expect(resolver['job-event'](event, { jobId: 'x', attempt: 1 })).rejects.toMatchObject({
      code: 'JOB_INVALID',
      retry: 'never',
    });
  });
});

import type { ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { readPipeline } from './read-pipeline.ts';

const PROJECT = 7 as ProjectId;
const T = Date.UTC(2026, 2, 1, 12);
const created = {
  id: 1,
  name: 'build',
  status: 'created',
  created_at: '2026-03-01 12:00:00 UTC',
  runner: null,
};

function read(builds: unknown): unknown {
  const hook = readPipeline(PROJECT, { object_kind: 'pipeline', builds });
  return hook.ok ? hook.value : hook.error.message;
}

test('every job that waits for a runner, runs or has ended is heard of', () => {
  const builds = [
    created,
    { ...created, id: 2, status: 'pending' },
    { ...created, id: 3, status: 'manual' },
    { ...created, id: 4, status: 'hibernating' },
    {
      ...created,
      id: 5,
      status: 'running',
      started_at: '2026-03-01T12:00:01.500+00:00',
      runner: { id: 9, tags: [] },
    },
    { ...created, id: 6, status: 'failed', finished_at: '2026-03-01 12:00:02 UTC' },
    { ...created, id: 7, status: 'skipped' },
  ];
  const details = { name: 'build', createdAt: T };
  expect(read(builds)).toEqual({
    kind: 'jobs',
    project: 7,
    jobs: [
      { job: 1, status: 'expected', details },
      { job: 2, status: 'expected', details },
      { job: 5, status: 'running', details: { ...details, startedAt: T + 1_500, runner: 9 } },
      { job: 6, status: 'ended', details: { ...details, finishedAt: T + 2_000 } },
    ],
    leftOut: 0,
    unreadable: undefined,
  });
});

test('a job that cannot be read costs the others nothing', () => {
  const builds = [null, { ...created, id: '1' }, { ...created, status: 7 }, { ...created, name: null }];
  expect(read(builds)).toEqual({
    kind: 'jobs',
    project: 7,
    jobs: [{ job: 1, status: 'expected' }],
    leftOut: 0,
    unreadable: { count: 3, problem: 'builds[0].id: is in null, expected an object' },
  });
});

test('a pipeline without jobs is one', () => {
  expect(read([])).toMatchObject({ kind: 'jobs', jobs: [] });
});

test('of a pipeline without end the first 2,000 jobs are taken, and the others counted', () => {
  const builds = Array.from({ length: 2_345 }, (_, index) => ({ ...created, id: index + 1 }));
  const hook = readPipeline(PROJECT, { builds });
  expect(hook).toMatchObject({ ok: true, value: { leftOut: 345 } });
  expect(hook.ok && hook.value.kind === 'jobs' && hook.value.jobs.length).toBe(2_000);
});

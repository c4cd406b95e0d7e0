import type { JobId, RunnerId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwkwardGitLab, PROJECT, startAwkwardGitLab } from './awkward-gitlab.suite.ts';
import { collect } from './gitlab.suite.ts';
import { expectNoSecret, failureOf, TOKEN } from './guest/guest.suite.ts';

const RUNNER = 3 as RunnerId;
const JOB = { id: 3, name: 'job', status: 'created', created_at: '2026-03-01T12:00:00Z' };
const MANAGER = 's_0123456789ab';

let awkward: AwkwardGitLab;
beforeEach(async () => {
  awkward = await startAwkwardGitLab();
});
afterEach(() => awkward.close());

describe('a job', () => {
  const ID = 3 as JobId;

  test.each([
    ['a list', [JOB]],
    ['null', null],
    ['another job', { ...JOB, id: 4 }],
    ['a job without a time', { ...JOB, created_at: TOKEN }],
  ])('is not %s', async (_, body) => {
    awkward.answerJson(() => ({ body }));
    expect(await failureOf(awkward.gitlab.job(PROJECT, ID))).toMatchObject({
      code: 'GITLAB_UNAVAILABLE',
      details: { status: 200, path: 'projects/7/jobs/3', reason: 'malformed' },
    });
  });

  test('that is broken is left out of a list and reported; the others are there', async () => {
    const broken = [{ ...JOB, id: TOKEN }, null, { ...JOB, created_at: TOKEN }];
    awkward.answerJson(() => ({ body: [JOB, ...broken, { ...JOB, id: 1 }] }));
    const jobs = await collect(awkward.gitlab.jobs(PROJECT, 'any'));
    expect(jobs.map((job) => job.id)).toEqual([3, 1]);
    expect(awkward.logged.map(({ list, project, problem }) => [list, project, problem])).toEqual([
      ['jobs', PROJECT, expect.stringMatching(/^id: /)],
      ['jobs', PROJECT, expect.stringMatching(/^job: /)],
      ['jobs', PROJECT, expect.stringMatching(/^created_at: /)],
    ]);
    expectNoSecret(JSON.stringify(awkward.logged));
  });
});

test('a project that is broken is left out of the list and reported', async () => {
  awkward.answerJson(() => ({ body: [{ id: 7 }, { id: TOKEN }, 'project', { id: 9 }] }));
  expect(await collect(awkward.gitlab.projects())).toEqual([7, 9]);
  expect(awkward.logged.map((line) => line['list'])).toEqual(['projects', 'projects']);
  expectNoSecret(JSON.stringify(awkward.logged));
});

test('a token that may not list the instance’s runners lists its own, over all pages', async () => {
  awkward.answerJson(({ pathname, searchParams }) => {
    if (pathname.endsWith('/all')) return { status: 403, body: { message: '403 Forbidden' } };
    const page = Number(searchParams.get('page') ?? 1);
    const link = '<https://elsewhere.example/api/v4/runners?page=2>; rel="next"';
    return { body: [{ id: page }, { id: 'what' }, null], headers: page === 1 ? { link } : {} };
  });
  expect(await collect(awkward.gitlab.runners())).toEqual([1, 2]);
  expect(awkward.asked().map((url) => url.pathname + url.search)).toEqual([
    '/api/v4/runners/all?per_page=100',
    '/api/v4/runners?per_page=100',
    '/api/v4/runners?per_page=100&page=2',
  ]);
  expect(awkward.logged.map((line) => line['list'])).toEqual(Array.from({ length: 4 }, () => 'runners'));
});

test('a token that may list no runners at all is told so', async () => {
  awkward.answerJson(() => ({ status: 403, body: {} }));
  const error = await failureOf(collect(awkward.gitlab.runners()));
  expect(error).toMatchObject({ code: 'GITLAB_REFUSED', details: { path: 'runners' } });
});

test('a GitLab that is away is not asked for other runners', async () => {
  awkward.answerJson(() => ({ status: 500, body: {} }));
  const error = await failureOf(collect(awkward.gitlab.runners()));
  expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { path: 'runners/all' } });
  expect(awkward.asked()).toHaveLength(1);
});

test('each manager is there once, and none that is unreadable', async () => {
  const ids = [MANAGER, 's_{sb:h:other}', 12, MANAGER];
  awkward.answerJson(() => ({ body: ids.map((system_id, id) => ({ id, system_id })) }));
  expect(await awkward.gitlab.managers(RUNNER)).toEqual([MANAGER]);
  expect(awkward.logged.map((line) => [line['list'], line['runner']])).toEqual([
    ['managers', RUNNER],
    ['managers', RUNNER],
  ]);
});

test('managers that are no list are an error', async () => {
  awkward.answerJson(() => ({ body: { managers: [] } }));
  expect(await failureOf(awkward.gitlab.managers(RUNNER))).toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    details: { path: 'runners/3/managers', reason: 'malformed' },
  });
});

test('a runner’s job without a project is left out and reported; the others are there', async () => {
  awkward.answerJson(() => ({ body: [{ ...JOB, project: { id: 12 } }, JOB] }));
  const jobs = await collect(awkward.gitlab.runnerJobs(RUNNER, 'any'));
  expect(jobs.map((job) => [job.project, job.id])).toEqual([[12, 3]]);
  expect(awkward.logged).toMatchObject([{ list: 'runner-jobs', runner: RUNNER }]);
});

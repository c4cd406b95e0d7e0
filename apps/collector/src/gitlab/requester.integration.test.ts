import type { ServerResponse } from 'node:http';
import type { SidebandError } from '@sideband/shared/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AwkwardGitLab,
  type Connection,
  failureOf,
  JOB,
  JOB_PATH,
  NOW,
  PROJECT,
  startAwkwardGitLab,
  TOKEN,
  writeForEver,
} from './awkward-gitlab.suite.ts';
import { collect } from './gitlab.suite.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const page = '<!DOCTYPE html><title>GitLab is down for maintenance</title>';

let gitlab: AwkwardGitLab;
beforeEach(async () => {
  gitlab = await startAwkwardGitLab();
});
afterEach(() => gitlab.stop());

function failureOfJob(options: Connection = {}): Promise<SidebandError> {
  return failureOf(gitlab.connect(options).job(PROJECT, JOB));
}

test.each([
  [401, 'GITLAB_REFUSED'],
  [403, 'GITLAB_REFUSED'],
  [404, 'GITLAB_NOT_FOUND'],
  [400, 'GITLAB_UNAVAILABLE'],
  [405, 'GITLAB_UNAVAILABLE'],
  [500, 'GITLAB_UNAVAILABLE'],
  [502, 'GITLAB_UNAVAILABLE'],
  [503, 'GITLAB_UNAVAILABLE'],
])('a %i is %s, asked once, with what GitLab’s own log can be searched for', async (status, code) => {
  let asked = 0;
  gitlab.answer = (request, response) => {
    asked += 1;
    // A server that shows the request it did not like must not lead us to show it.
    response.writeHead(status, { ...JSON_TYPE, 'x-request-id': '01JABC-def_9' });
    response.end(JSON.stringify({ message: request.headers['private-token'] }));
  };
  const error = await failureOfJob();
  expect(error.code).toBe(code);
  expect(error.details).toMatchObject({ status, path: JOB_PATH, requestId: '01JABC-def_9' });
  expect(asked).toBe(1);
});

test.each([
  ['as long as GitLab asks', { 'retry-after': '7' }, 7_000],
  ['until the limit is reset', { 'ratelimit-reset': String(NOW / 1_000 + 30) }, 30_000],
  ['a minute when it does not say', {}, 60_000],
])('a 429 waits %s', async (_, headers, milliseconds) => {
  gitlab.answer = (_request, response) => response.writeHead(429, { ...headers }).end('Retry later');
  const error = await failureOfJob();
  expect(error).toMatchObject({ code: 'GITLAB_RATE_LIMITED', retryAfterMs: milliseconds });
});

test('a 503 waits as long as GitLab asks', async () => {
  gitlab.answer = (_request, response) => response.writeHead(503, { 'retry-after': '120' }).end();
  expect(await failureOfJob()).toMatchObject({ code: 'GITLAB_UNAVAILABLE', retryAfterMs: 120_000 });
});

test('a redirect is not followed, so the token goes nowhere else', async () => {
  const paths: (string | undefined)[] = [];
  gitlab.answer = (request, response) => {
    paths.push(request.url);
    response.writeHead(302, { location: `${gitlab.url}/elsewhere?secret=1` }).end();
  };
  const error = await failureOfJob();
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toMatchObject({ status: 302, reason: 'redirect', redirectedTo: gitlab.url });
  expect(paths).toEqual([`/api/v4/${JOB_PATH}`]);
});

test.each([
  ['a page instead of JSON', { 'content-type': 'text/html; charset=utf-8' }, page, 'not-json'],
  ['nothing', {}, '', 'not-json'],
  ['half of an answer', JSON_TYPE, '{"id":42,"na', 'malformed'],
  ['a list instead of a job', JSON_TYPE, '[]', 'malformed'],
  ['null', JSON_TYPE, 'null', 'malformed'],
  [
    'another job',
    JSON_TYPE,
    '{"id":43,"name":"x","status":"running","created_at":"2026-03-01T12:00:00Z"}',
    'malformed',
  ],
])('%s with a 200 is no answer', async (_, headers, body, reason) => {
  gitlab.answer = (_request, response) => response.writeHead(200, { ...headers }).end(body);
  const error = await failureOfJob();
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toMatchObject({ status: 200, path: JOB_PATH, reason });
});

test('an answer without an end is given up, not collected', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, JSON_TYPE);
    writeForEver(response);
  };
  expect((await failureOfJob()).details).toMatchObject({ reason: 'too-large' });
  await gitlab.connectionClosed();
});

test('a GitLab that is not there is said to be unavailable, with the system’s code', async () => {
  await gitlab.stop();
  const error = await failureOfJob();
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toEqual({ path: JOB_PATH, reason: 'network', code: 'ECONNREFUSED' });
});

test.each([
  ['nothing at all', () => {}],
  [
    'a byte now and then',
    (response: ServerResponse) => {
      response.writeHead(200, JSON_TYPE);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
  ],
])('a GitLab that sends %s is given up after the time-out', async (_, send) => {
  gitlab.answer = (_request, response) => send(response);
  const error = await failureOfJob({ timeoutMs: 150 });
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toMatchObject({ path: JOB_PATH, reason: 'time-out' });
  await gitlab.connectionClosed();
});

test.each([
  ['with a line break', () => `${TOKEN}\n`],
  ['that is empty', () => ''],
  ['that cannot be read', () => Promise.reject(new Error(`no such token: ${TOKEN}`))],
])('a token %s is refused before anything is sent', async (_, token) => {
  gitlab.answer = (_request, response) => response.end();
  const error = await failureOfJob({ token });
  expect(error.code).toBe('GITLAB_REFUSED');
  expect(gitlab.sockets).toEqual([]);
});

test('a broken job in a list is left out and reported; the others are there', async () => {
  const good = { id: 3, name: 'good', status: 'running', created_at: '2026-03-01T12:00:00Z' };
  const list = [
    good,
    { ...good, id: 'two' },
    null,
    { ...good, id: 1, created_at: TOKEN },
    { ...good, id: 1 },
  ];
  gitlab.answer = (_request, response) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(list));
  const jobs = await collect(gitlab.connect().jobs(PROJECT, { running: false }));
  expect(jobs.map((job) => job.id)).toEqual([3, 1]);
  expect(gitlab.logged.map(({ project, problem }) => [project, problem])).toEqual([
    [7, expect.stringMatching(/^id: /)],
    [7, expect.stringMatching(/^job: /)],
    [7, expect.stringMatching(/^created_at: /)],
  ]);
  expect(JSON.stringify(gitlab.logged)).not.toContain(TOKEN);
});

test('a GitLab that lives under a path is asked there', async () => {
  const paths: (string | undefined)[] = [];
  gitlab.answer = (request, response) => {
    paths.push(request.url);
    response.writeHead(404).end();
  };
  await failureOf(gitlab.connect({ path: '/git/lab/' }).job(PROJECT, JOB));
  expect(paths).toEqual([`/git/lab/api/v4/${JOB_PATH}`]);
});

import type { ServerResponse } from 'node:http';
import { until } from '@sideband/infra/testkit/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Budget } from './budget.ts';
import {
  type AwkwardServer,
  expectNoSecret,
  failureOf,
  JSON_TYPE,
  NOW,
  startAwkwardServer,
  TOKEN,
  visit,
} from './guest.suite.ts';

const PATH = 'projects/7/jobs/42';
const ROUTE = 'GET projects/:id/jobs/:id';

let gitlab: AwkwardServer;
beforeEach(async () => {
  gitlab = await startAwkwardServer();
});
afterEach(() => gitlab.stop());

/** Answers with these statuses, one after the other, then with the last for good. */
function answerWith(...statuses: readonly number[]): void {
  const rest = [...statuses];
  gitlab.answer = (_request, response) => {
    const status = (rest.length > 1 ? rest.shift() : rest[0]) ?? 500;
    response.writeHead(status, JSON_TYPE).end('{}');
  };
}

test.each([
  ['as long as GitLab asks', { 'retry-after': '7' }, 7_000],
  ['until the day and time it says', { 'retry-after': new Date(NOW + 9_000).toUTCString() }, 9_000],
  ['until the limit is reset', { 'ratelimit-reset': String(NOW / 1_000 + 30) }, 30_000],
  ['a minute when it does not say', {}, 60_000],
])('after a 429 everybody waits %s', async (_, headers, milliseconds) => {
  gitlab.answer = (_request, response) => response.writeHead(429, headers).end('Retry later');
  const guest = visit(gitlab.url);
  const limited = { code: 'GITLAB_RATE_LIMITED', retryAfterMs: milliseconds };
  expect(await failureOf(guest.get(PATH))).toMatchObject({ ...limited, details: { status: 429 } });
  expect(await guest.budget.take()).toBe(milliseconds);
  expect(gitlab.asked).toHaveLength(1);

  answerWith(200);
  guest.clock.advance(milliseconds);
  expect(await guest.get(PATH)).toEqual({});
});

test('after a 429 only what was already in hand is sent', async () => {
  const waiting: ServerResponse[] = [];
  gitlab.answer = (_request, response) => void waiting.push(response);
  const guest = visit(gitlab.url);
  const inHand = Promise.all([1, 2, 3, 4, 5].map((job) => failureOf(guest.get(`projects/7/jobs/${job}`))));
  await until('five requests', async () => waiting.length === 5);
  waiting[0]?.writeHead(429, { 'retry-after': '30' }).end();
  await until('a hold', async () => (await guest.budget.left()) === 0);
  const later = Promise.all([6, 7, 8].map((job) => failureOf(guest.get(`projects/7/jobs/${job}`))));
  expect(
    (await later).map(({ code, retryAfterMs, details }) => [code, retryAfterMs, details['reason']]),
  ).toEqual(Array(3).fill(['GITLAB_RATE_LIMITED', 30_000, 'budget']));
  for (const response of waiting.slice(1)) response.writeHead(404).end();
  await inHand;
  expect(gitlab.asked).toHaveLength(5);
  expect(guest.outcomes.filter(({ status }) => status === 'budget')).toHaveLength(3);
});

test('a good answer that was the last before the limit holds everybody until the reset', async () => {
  const headers = { ...JSON_TYPE, 'ratelimit-remaining': '0', 'ratelimit-reset': String(NOW / 1_000 + 40) };
  gitlab.answer = (_request, response) => response.writeHead(200, headers).end('{}');
  const guest = visit(gitlab.url);
  expect(await guest.get(PATH)).toEqual({});
  expect(await failureOf(guest.get(PATH))).toMatchObject({
    code: 'GITLAB_RATE_LIMITED',
    retryAfterMs: 40_000,
  });
  expect(gitlab.asked).toHaveLength(1);
});

test('a short wait for a permit is waited for', async () => {
  const waits = [300, 200];
  const budget: Budget = {
    take: async () => waits.shift() ?? 0,
    hold: async () => undefined,
    left: async () => 0,
  };
  const guest = visit(gitlab.url, { budget });
  expect(await guest.get(PATH)).toEqual({});
  expect(guest.pauses).toEqual([300, 200]);
});

test('a gateway that is down for a moment is asked again, each time with a permit', async () => {
  answerWith(502, 504, 200);
  const guest = visit(gitlab.url);
  const before = await guest.budget.left();
  expect(await guest.get(PATH)).toEqual({});
  expect(guest.pauses).toEqual([400, 700]);
  expect(guest.outcomes).toEqual([502, 504, 200].map((status) => ({ route: ROUTE, status, ms: 0 })));
  // Of the three one came back during the pauses, at 100 permits a second.
  expect(before - (await guest.budget.left())).toBeLessThanOrEqual(3);
});

test('a connection that broke is made anew', async () => {
  const ends = ['break', 'answer'];
  gitlab.answer = (_request, response) => {
    if (ends.shift() === 'break') response.destroy();
    else response.writeHead(200, JSON_TYPE).end('{"id":42}');
  };
  const guest = visit(gitlab.url);
  expect(await guest.get(PATH)).toEqual({ id: 42 });
  expect(guest.outcomes.map(({ status }) => status)).toEqual(['network', 200]);
});

test.each(['post', 'put', 'delete'] as const)('a %s is sent once, whatever becomes of it', async (method) => {
  answerWith(502);
  await failureOf(visit(gitlab.url).send(method, 'projects/7/hooks/1'));
  gitlab.answer = (_request, response) => response.destroy();
  await failureOf(visit(gitlab.url).send(method, 'projects/7/hooks/1'));
  expect(gitlab.asked).toEqual(Array(2).fill(`${method.toUpperCase()} /api/v4/projects/7/hooks/1`));
});

test('a 503 that says when is left to the queue', async () => {
  gitlab.answer = (_request, response) => response.writeHead(503, { 'retry-after': '120' }).end();
  expect(await failureOf(visit(gitlab.url).get(PATH))).toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    retryAfterMs: 120_000,
  });
  expect(gitlab.asked).toHaveLength(1);
});

test('a GitLab that is not there is said to be unavailable, with the system’s code', async () => {
  await gitlab.stop();
  const guest = visit(gitlab.url);
  const error = await failureOf(guest.get(PATH));
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toEqual({ path: PATH, reason: 'network', code: 'ECONNREFUSED' });
  expect(guest.outcomes.map(({ status }) => status)).toEqual(['network', 'network', 'network']);
  expectNoSecret(JSON.stringify([guest.outcomes, guest.logged]));
});

test('a GitLab that keeps failing is left alone, and found again by one probe', async () => {
  answerWith(502);
  const guest = visit(gitlab.url);
  for (let request = 0; request < 2; request += 1) await failureOf(guest.get(PATH));
  const refused = await failureOf(guest.get(PATH));
  expect(refused).toMatchObject({ code: 'GITLAB_UNAVAILABLE', retryAfterMs: 1_500 });
  expect(refused.details).toEqual({ path: PATH, reason: 'circuit-open' });
  expect(gitlab.asked).toHaveLength(5);
  expect(guest.outcomes.at(-1)).toEqual({ route: ROUTE, status: 'circuit-open', ms: 0 });

  answerWith(200);
  guest.clock.advance(1_500);
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => guest.get(PATH)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(gitlab.asked).toHaveLength(6);
  expect(await guest.get(PATH)).toEqual({});
  expect(guest.logged.map(({ msg }) => msg)).toEqual([
    'GitLab keeps failing and is left alone',
    'GitLab answers again',
  ]);
});

test('a circuit that opens ends the tries of whoever opened it', async () => {
  answerWith(502);
  const guest = visit(gitlab.url);
  await failureOf(guest.get(PATH));
  expect((await failureOf(guest.get(PATH))).details).toMatchObject({ status: 502 });
  expect(gitlab.asked).toHaveLength(5);
});

test('what GitLab says about one request opens nothing', async () => {
  const guest = visit(gitlab.url);
  for (const status of [400, 401, 403, 404, 409, 422, 302, 500]) {
    answerWith(status);
    await failureOf(guest.get(PATH));
  }
  answerWith(200);
  expect(await guest.get(PATH)).toEqual({});
});

test('a token that was changed is used from the next request on', async () => {
  const tokens = ['old', 'new'];
  gitlab.answer = (request, response) =>
    response.writeHead(request.headers['private-token'] === 'new' ? 200 : 401, JSON_TYPE).end('{}');
  const guest = visit(gitlab.url, { token: async () => tokens.shift() ?? TOKEN });
  expect((await failureOf(guest.get(PATH))).code).toBe('GITLAB_REFUSED');
  expect(await guest.get(PATH)).toEqual({});
});

test('a permit that has to be waited for is followed by the token of then', async () => {
  const waits = [100];
  const budget: Budget = {
    take: async () => waits.shift() ?? 0,
    hold: async () => undefined,
    left: async () => 0,
  };
  let seen: unknown;
  gitlab.answer = (request, response) => {
    seen = request.headers['private-token'];
    response.writeHead(200, JSON_TYPE).end('{}');
  };
  const guest = visit(gitlab.url, { budget, token: () => `asked-after-${guest.pauses.length}` });
  await guest.get(PATH);
  expect(seen).toBe('asked-after-1');
});

test('a guest that leaves closes its connections, those in use too', async () => {
  gitlab.answer = () => undefined;
  const guest = visit(gitlab.url);
  const failure = failureOf(guest.send('post', PATH));
  await until('the request', async () => gitlab.asked.length === 1);
  await guest.guest.close();
  expect((await failure).details).toMatchObject({ reason: 'network' });
  await gitlab.connectionClosed();
});

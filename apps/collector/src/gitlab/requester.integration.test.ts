import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AwkwardServer,
  failureOf,
  JSON_TYPE,
  startAwkwardServer,
  TOKEN,
  visit,
  writeForEver,
} from './guest/guest.suite.ts';

const PATH = 'projects/7/jobs/42';
const page = '<!DOCTYPE html><title>GitLab is down for maintenance</title>';

let gitlab: AwkwardServer;
beforeEach(async () => {
  gitlab = await startAwkwardServer();
});
afterEach(() => gitlab.stop());

test.each([
  [401, 'GITLAB_REFUSED'],
  [403, 'GITLAB_REFUSED'],
  [404, 'GITLAB_NOT_FOUND'],
  [400, 'GITLAB_UNAVAILABLE'],
  [405, 'GITLAB_UNAVAILABLE'],
  [500, 'GITLAB_UNAVAILABLE'],
])('a %i is %s, asked once, with what GitLab’s own log can be searched for', async (status, code) => {
  gitlab.answer = (request, response) => {
    // A server that shows the request it did not like must not lead us to show it.
    response.writeHead(status, { ...JSON_TYPE, 'x-request-id': '01JABC-def_9' });
    response.end(JSON.stringify({ message: request.headers['private-token'] }));
  };
  const error = await failureOf(visit(gitlab.url).get(PATH));
  expect(error.code).toBe(code);
  expect(error.details).toMatchObject({ status, path: PATH, requestId: '01JABC-def_9' });
  expect(gitlab.asked).toEqual([`GET /api/v4/${PATH}`]);
});

test('a redirect is not followed, so the token goes nowhere else', async () => {
  gitlab.answer = (_request, response) =>
    response.writeHead(302, { location: `${gitlab.url}/elsewhere?secret=1` }).end();
  const error = await failureOf(visit(gitlab.url).get(PATH));
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toMatchObject({ status: 302, reason: 'redirect', redirectedTo: gitlab.url });
  expect(gitlab.asked).toEqual([`GET /api/v4/${PATH}`]);
});

test.each([
  ['a page instead of JSON', { 'content-type': 'text/html; charset=utf-8' }, page, 'not-json'],
  ['nothing', {}, '', 'not-json'],
  ['half of an answer', JSON_TYPE, '{"id":42,"na', 'malformed'],
  ['an encoding nobody asked for', { ...JSON_TYPE, 'content-encoding': 'compress' }, '{}', 'encoding'],
])('%s with a 200 is no answer', async (_, headers, body, reason) => {
  gitlab.answer = (_request, response) => response.writeHead(200, { ...headers }).end(body);
  const error = await failureOf(visit(gitlab.url).get(PATH));
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toMatchObject({ status: 200, path: PATH, reason });
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['identity', Buffer.from],
])('an answer encoded as %s is read', async (encoding, encode) => {
  gitlab.answer = (_request, response) =>
    response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding }).end(encode('{"name":"größer"}'));
  expect(await visit(gitlab.url).get(PATH)).toEqual({ name: 'größer' });
});

test('a compressed answer that breaks off is no answer', async () => {
  gitlab.answer = (_request, response) =>
    response
      .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
      .end(gzipSync('{"name":"x"}').subarray(0, 20));
  const error = await failureOf(visit(gitlab.url).get(PATH));
  expect(error.details).toEqual({ path: PATH, reason: 'network', code: 'Z_BUF_ERROR' });
});

test('what is removed leaves no answer behind', async () => {
  gitlab.answer = (_request, response) => response.writeHead(204).end();
  expect(await visit(gitlab.url).send('delete', 'projects/7/hooks/1')).toBeNull();
});

test('what is sent arrives as JSON, with the token of that moment', async () => {
  const tokens = ['token-1', 'token-2'];
  const seen: unknown[] = [];
  gitlab.answer = async (request, response) => {
    const sent = Buffer.concat(await request.toArray()).toString();
    seen.push([request.headers['content-type'], request.headers['private-token'], sent]);
    response.writeHead(201, JSON_TYPE).end('{"id":1}');
  };
  const guest = visit(gitlab.url, { token: () => tokens.shift() ?? '' });
  expect(await guest.send('post', 'projects/7/hooks')).toEqual({ id: 1 });
  await guest.send('put', 'projects/7/hooks/1');
  const body = '{"url":"https://hook"}';
  expect(seen).toEqual([
    ['application/json', 'token-1', body],
    ['application/json', 'token-2', body],
  ]);
});

test('an answer without an end is given up, not collected', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, JSON_TYPE);
    writeForEver(response);
  };
  expect((await failureOf(visit(gitlab.url).get(PATH))).details).toMatchObject({ reason: 'too-large' });
  await gitlab.connectionClosed();
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
  const error = await failureOf(visit(gitlab.url, { timeoutMs: 150 }).get(PATH));
  expect(error.code).toBe('GITLAB_UNAVAILABLE');
  expect(error.details).toEqual({ path: PATH, reason: 'time-out' });
  await gitlab.connectionClosed();
});

test.each([
  ['with a line break', () => `${TOKEN}\n`],
  ['that is empty', () => ''],
  ['that cannot be read', () => Promise.reject(new Error(`no such token: ${TOKEN}`))],
])('a token %s is refused before anything is sent', async (_, token) => {
  const guest = visit(gitlab.url, { token });
  const error = await failureOf(guest.get(PATH));
  expect(error).toMatchObject({ code: 'GITLAB_REFUSED', details: { reason: 'unusable-token' } });
  expect(gitlab.asked).toEqual([]);
  expect(guest.outcomes).toEqual([]);
});

test('a GitLab that lives under a path is asked there', async () => {
  await visit(`${gitlab.url}/git/lab`).get(PATH);
  expect(gitlab.asked).toEqual([`GET /git/lab/api/v4/${PATH}`]);
});

test.each([
  ['an answer', 200],
  ['an error page', 404],
])('%s does not cost the connection', async (_, status) => {
  gitlab.answer = (_request, response) => response.writeHead(status, JSON_TYPE).end('{"message":"hello"}');
  const guest = visit(gitlab.url);
  for (let request = 0; request < 8; request += 1) await guest.get(PATH).catch(() => undefined);
  expect(gitlab.asked).toHaveLength(8);
  // undici opens a second one if the next request comes within the same turn of the event loop.
  expect(gitlab.sockets.size).toBeLessThanOrEqual(2);
});

test.each([
  '../../evil',
  'projects/..',
  'projects/%2e%2e/version',
  'projects\\7',
  'version?private=1',
  'a#b',
  'a\nb',
])('a path that would leave its place is refused before anything is sent: %j', async (path) => {
  const error = await failureOf(visit(`${gitlab.url}/git`).get(path));
  expect(error).toMatchObject({ code: 'GITLAB_REFUSED', details: { reason: 'foreign-address' } });
  expect(gitlab.asked).toEqual([]);
});

test.each(['https://elsewhere.invalid/x', '//elsewhere.invalid/x', '@elsewhere.invalid'])(
  'a path that looks like another GitLab’s address is one of ours: %s',
  async (path) => {
    await visit(gitlab.url).get(path);
    expect(gitlab.asked).toEqual([`GET /api/v4/${path}`]);
  },
);

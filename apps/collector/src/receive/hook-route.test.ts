import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import Fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HookOutcome, hookRoute } from './hook-route.ts';
import type { JobEvent } from './job-event.ts';

const SECRET = 'the-secret-of-the-hook';
const NOW = Date.UTC(2026, 2, 1, 12);
const job = { object_kind: 'build', build_id: 42, build_status: 'running', project_id: 7 };

let app: FastifyInstance;
let queued: Map<string, JobEvent>;
let outcomes: HookOutcome[];
let logged: string;
let enqueue: (id: string, event: JobEvent) => Promise<unknown>;

beforeEach(async () => {
  queued = new Map();
  outcomes = [];
  logged = '';
  enqueue = async (id, event) => queued.set(id, event);
  app = Fastify();
  await app.register(
    hookRoute({
      instance: 'gitlab.example.com' as InstanceName,
      secret: () => SECRET,
      enqueue: (id, event) => enqueue(id, event),
      clock: new ManualClock(NOW),
      log: pino({}, { write: note }),
      count: (outcome) => outcomes.push(outcome),
    }),
  );
});

afterEach(() => app.close());

function note(line: string): void {
  logged += line;
}

type Answer = Awaited<ReturnType<typeof post>>;

function post(body: unknown, headers: Record<string, string> = { 'x-gitlab-token': SECRET }) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  return app.inject({
    method: 'POST',
    url: '/hooks/gitlab',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });
}

function summary(answer: Answer): [number, string] {
  const { code, outcome } = answer.json();
  return [answer.statusCode, code ?? outcome];
}

test('queues what a job hook says, with the time it was received', async () => {
  expect(summary(await post(job))).toEqual([202, 'queued']);
  const event = { instance: 'gitlab.example.com', project: 7, job: 42, status: 'running', receivedAt: NOW };
  expect([...queued]).toEqual([['gitlab.example.com-7-42-running', event]]);
  expect(outcomes).toEqual(['queued']);
});

test('a delivery that comes twice is one job on the queue, the end another', async () => {
  await post(job);
  await post(job);
  await post({ ...job, build_status: 'success' });
  expect([...queued.keys()]).toEqual(['gitlab.example.com-7-42-running', 'gitlab.example.com-7-42-ended']);
});

describe('without the right token', () => {
  test.each([
    ['none', {}],
    ['an empty one', { 'x-gitlab-token': '' }],
    ['a wrong one', { 'x-gitlab-token': `${SECRET}x` }],
  ])('%s: refused, and the body is not looked at', async (_, headers) => {
    expect(summary(await post('{"not json', headers))).toEqual([401, 'unauthorized']);
    expect(queued.size).toBe(0);
    expect(outcomes).toEqual(['unauthorized']);
  });

  test('neither the answer nor the log shows a token or the body', async () => {
    const answer = await post({ ...job, note: 'the-body' }, { 'x-gitlab-token': 'a-guess' });
    for (const text of [answer.body, JSON.stringify(answer.headers), logged]) {
      expect(text).not.toMatch(/a-guess|the-body|the-secret/);
    }
    expect(logged.trim().split('\n')).toHaveLength(1);
  });

  test('a flood is limited and leaves few lines; GitLab goes on as before', async () => {
    const answers: Answer[] = [];
    for (let sent = 0; sent < 100; sent += 1) answers.push(await post(job, {}));
    const limited = answers.filter((answer) => answer.statusCode === 429);
    expect(limited).toHaveLength(40);
    expect(limited[0]?.headers['retry-after']).toBe('60');
    expect(logged.trim().split('\n')).toHaveLength(60);
    expect(summary(await post(job))).toEqual([202, 'queued']);
  });
});

test.each([
  ['created', { ...job, build_status: 'created' }, 'not-needed'],
  ['pending', { ...job, build_status: 'pending' }, 'not-needed'],
  ['a status of a later GitLab', { ...job, build_status: 'hibernating' }, 'unknown-status'],
  ['a pipeline', { object_kind: 'pipeline' }, 'other-event'],
  ['a push', { object_kind: 'push' }, 'other-event'],
  ['a system hook', { event_name: 'project_create' }, 'other-event'],
])('%s is accepted, counted and not queued', async (_, body, outcome) => {
  expect(summary(await post(body))).toEqual([202, outcome]);
  expect(queued.size).toBe(0);
  expect(outcomes).toEqual([outcome]);
});

test.each([
  ['application/json', 'application/json'],
  ['a charset', 'application/json; charset=utf-8'],
  ['another type', 'text/plain'],
])('the content type does not matter: %s', async (_, type) => {
  const answer = await post(job, { 'x-gitlab-token': SECRET, 'content-type': type });
  expect(summary(answer)).toEqual([202, 'queued']);
});

test.each([
  ['half a body', '{"object_kind":"bui', 'bad-json', 'it breaks off before its end'],
  ['no body', '', 'bad-json', 'the body is empty'],
  ['a list', '[]', 'bad-shape', 'expected an object'],
  ['no job id', '{"object_kind":"build","build_status":"running","project_id":7}', 'bad-field', 'build_id: '],
])('%s is refused, saying what is wrong', async (_, body, code, message) => {
  const answer = await post(body);
  expect(summary(answer)).toEqual([400, code]);
  expect(answer.json().message).toContain(message);
  expect(outcomes).toEqual(['malformed']);
  expect(logged.trim().split('\n')).toHaveLength(1);
});

describe('while the queue is away', () => {
  test.each([
    ['rejects', async () => Promise.reject(new Error('Connection is closed.'))],
    [
      'throws',
      () => {
        throw new Error('Stream isn’t writeable');
      },
    ],
  ])('the answer is a 503 at once when it %s', async (_, broken) => {
    enqueue = broken;
    const startedAt = performance.now();
    const answer = await post(job);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(summary(answer)).toEqual([503, 'queue-away']);
    expect(answer.headers['retry-after']).toBe('5');
    expect(outcomes).toEqual(['queue-away']);
  });

  test('the answer is a 503 after a second when it says nothing', async () => {
    enqueue = () => new Promise(() => {});
    const startedAt = performance.now();
    const answer = await post(job);
    expect(performance.now() - startedAt).toBeLessThan(1_900);
    expect(summary(answer)).toEqual([503, 'queue-away']);
  });

  test('what need not be queued is accepted as ever', async () => {
    enqueue = () => Promise.reject(new Error('Connection is closed.'));
    expect(summary(await post({ ...job, build_status: 'pending' }))).toEqual([202, 'not-needed']);
  });

  test('the next hook is queued when it is back', async () => {
    enqueue = () => Promise.reject(new Error('Connection is closed.'));
    await post(job);
    enqueue = async (id, event) => queued.set(id, event);
    expect(summary(await post(job))).toEqual([202, 'queued']);
    expect(queued.size).toBe(1);
  });
});

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  FILE,
  GITLAB,
  GROUP,
  job,
  MASTER,
  NOW,
  openReceiver,
  PROJECT,
  post,
  type Receiver,
  SYSTEM,
} from './hook-fixture.suite.ts';

let receiver: Receiver;

beforeEach(async () => {
  receiver = await openReceiver();
});

afterEach(() => receiver.app.close());

/** With other options than the usual ones. */
async function reopen(options: Parameters<typeof openReceiver>[0]): Promise<void> {
  await receiver.app.close();
  receiver = await openReceiver(options);
}

test('queues what a job hook says, with the time it was received', async () => {
  expect(
    await post(receiver, { ...job, build_name: 'test', build_created_at: '2026-03-01 11:59:00 UTC' }),
  ).toEqual([202, 'queued']);
  expect([...receiver.queued]).toEqual([
    [
      'gitlab.example.com-7-42-running',
      { instance: GITLAB, project: 7, job: 42, status: 'running', receivedAt: NOW },
    ],
  ]);
  expect(receiver.outcomes).toEqual(['project queued']);
});

describe('the sources', () => {
  test.each([PROJECT, GROUP, FILE])('$kind tells of jobs', async (source) => {
    expect(await post(receiver, job, { source })).toEqual([202, 'queued']);
    expect(receiver.outcomes).toEqual([`${source.kind} queued`]);
  });

  test.each([GROUP, SYSTEM, FILE])('$kind tells of projects that come and go', async (source) => {
    for (const event_name of ['project_create', 'project_destroy']) {
      expect(await post(receiver, { event_name, project_id: 74 }, { source })).toEqual([202, 'queued']);
    }
    expect(receiver.onboarded).toEqual([
      {
        id: 'gitlab.example.com-74-project-created',
        name: 'project-created',
        payload: { instance: GITLAB, project: 74 },
      },
      {
        id: 'gitlab.example.com-74-project-destroyed',
        name: 'project-destroyed',
        payload: { instance: GITLAB, project: 74 },
      },
    ]);
  });

  test('a project tells of itself only', async () => {
    expect(await post(receiver, { ...job, project_id: 8 })).toEqual([403, 'wrong-project']);
    expect(await post(receiver, { ...job, project_id: 8 }, { source: GROUP })).toEqual([202, 'queued']);
    expect(await post(receiver, { event_name: 'project_destroy', project_id: 8 })).toEqual([
      202,
      'other-event',
    ]);
    expect(receiver.onboarded).toEqual([]);
  });
});

test.each([
  ['a job that waits for a person', { ...job, build_status: 'manual' }, 'not-needed'],
  ['a status of a later GitLab', { ...job, build_status: 'hibernating' }, 'unknown-status'],
  ['a push', { object_kind: 'push' }, 'other-event'],
  ['half a body', '{"object_kind":"bui', 'malformed'],
  ['no body', '', 'malformed'],
  ['a list', '[]', 'malformed'],
  ['no job id', { ...job, build_id: undefined }, 'malformed'],
  ['a pipeline without jobs', { object_kind: 'pipeline', project: { id: 7 }, builds: [] }, 'not-needed'],
  ['a pipeline of nothing', { object_kind: 'pipeline', project: { id: 7 }, builds: [0, 1] }, 'malformed'],
])('%s is accepted, counted and not queued', async (_, body, outcome) => {
  expect(await post(receiver, body)).toEqual([202, outcome]);
  expect(receiver.queued.size).toBe(0);
  expect(receiver.outcomes).toEqual([`project ${outcome}`]);
  const lines = receiver.log().split('\n').length - 1;
  expect(lines).toBe(outcome === 'malformed' || outcome === 'unknown-status' ? 1 : 0);
});

test('all jobs of a pipeline are queued together, and what is too much of them is counted', async () => {
  const sizes: number[] = [];
  await reopen({ enqueue: async (events) => sizes.push(events.length) });
  const builds = Array.from({ length: 2_010 }, (_, index) => ({ id: index + 1, status: 'created' }));
  expect(await post(receiver, { object_kind: 'pipeline', project: { id: 7 }, builds })).toEqual([
    202,
    'queued',
  ]);
  expect(sizes).toEqual([2_000]);
  expect(receiver.leftOut).toEqual([10]);
});

test.each(['application/json; charset=utf-8', 'text/plain', 'nothing', '', 'a/b/c;;', 'image/png'])(
  'the content type does not matter: %j',
  async (type) => {
    expect(await post(receiver, job, { headers: { 'content-type': type } })).toEqual([202, 'queued']);
  },
);

test('an authenticated hook is never refused for what it says', async () => {
  const json = fc.oneof(
    fc.jsonValue(),
    fc.record({
      object_kind: fc.constant('build'),
      project_id: fc.constantFrom(7, '7', null, 7.5),
      x: fc.jsonValue(),
    }),
    fc.record({ object_kind: fc.constant('pipeline'), project: fc.jsonValue(), builds: fc.jsonValue() }),
    fc.record({ event_name: fc.constantFrom('project_create', 'group_x', ''), project_id: fc.jsonValue() }),
  );
  const body = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    json.map((value) => JSON.stringify(value)),
  );
  // Those that HTTP itself lets through.
  const header = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,40}[\x21-\x7e])?$/);
  const headers = fc.dictionary(
    fc.constantFrom(
      'content-type',
      'idempotency-key',
      'webhook-id',
      'webhook-timestamp',
      'x-gitlab-event',
      'user-agent',
    ),
    header,
  );
  await fc.assert(
    fc.asyncProperty(
      body,
      headers.map((of) => ({ ...of })),
      fc.constantFrom(PROJECT, GROUP, SYSTEM, FILE),
      fc.boolean(),
      async (payload, given, source, isSigned) => {
        await reopen({});
        const proof = isSigned ? { token: null, signedBy: MASTER, headers: {} } : { headers: given };
        const [status] = await post(receiver, payload, { source, ...proof });
        expect(status).toBe(202);
      },
    ),
    { numRuns: 150 },
  );
});

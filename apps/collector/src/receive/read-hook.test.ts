import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHook } from './read-hook.ts';

const job = { object_kind: 'build', build_id: 42, build_status: 'running', project_id: 7 };

function read(body: unknown): ReturnType<typeof readHook> {
  return readHook(Buffer.from(JSON.stringify(body)));
}

function refusal(text: string): string {
  const hook = readHook(Buffer.from(text));
  return hook.ok ? 'was accepted' : hook.error.message;
}

test.each([
  ['running', 'running'],
  ['success', 'ended'],
  ['failed', 'ended'],
  ['canceled', 'ended'],
])('a job that is %s is queued as %s', (build_status, status) => {
  expect(read({ ...job, build_status })).toEqual({
    ok: true,
    value: { kind: 'job', project: 7, job: 42, status },
  });
});

test.each(['created', 'pending'])('a job that is %s needs nothing yet', (build_status) => {
  expect(read({ ...job, build_status })).toEqual({ ok: true, value: { kind: 'not-needed' } });
});

test('a status of a later GitLab is no fault', () => {
  expect(read({ ...job, build_status: 'hibernating\u001b[2J' })).toEqual({
    ok: true,
    value: { kind: 'unknown-status', status: '"hibernating\\u001b[2J"' },
  });
});

test('what else a body says is neither believed nor refused', () => {
  const body = {
    ...job,
    build_started_at: '9999-12-31 23:59:59 UTC',
    build_finished_at: 'never',
    image: { name: 'attacker.example/evil:latest' },
    runner: 'a text',
    project: null,
  };
  expect(read(body)).toEqual({ ok: true, value: { kind: 'job', project: 7, job: 42, status: 'running' } });
});

test('a prototype in the body is only a name', () => {
  const text = '{"__proto__":{"object_kind":"build","build_id":1,"project_id":1,"build_status":"running"}}';
  expect(readHook(Buffer.from(text))).toEqual({ ok: true, value: { kind: 'other-event' } });
});

test.each([
  ['a pipeline', { object_kind: 'pipeline', object_attributes: { id: 1 } }],
  ['a push', { object_kind: 'push', project_id: 7 }],
  ['a system hook', { event_name: 'project_create', project_id: 7 }],
  ['a template of the operator’s own', { text: 'hello' }],
  ['a kind that is no text', { object_kind: 7 }],
])('%s is no fault', (_, body) => {
  expect(read(body)).toEqual({ ok: true, value: { kind: 'other-event' } });
});

describe('says what is wrong and where:', () => {
  test.each([
    ['project_id', { project_id: undefined }],
    ['project_id', { project_id: '7' }],
    ['project_id', { project_id: 0 }],
    ['build_id', { build_id: null }],
    ['build_id', { build_id: 1.5 }],
    ['build_id', { build_id: 2 ** 60 }],
    ['build_id', { build_id: { $gt: 0 } }],
    ['build_status', { build_status: null }],
    ['build_status', { build_status: ['running'] }],
  ])('%s', (field, change) => {
    expect(refusal(JSON.stringify({ ...job, ...change }))).toMatch(new RegExp(`^${field}: `));
  });

  test.each([
    ['nothing', '', 'the body is empty, expected JSON'],
    ['half a body', '{"object_kind":"bui', 'the body of 19 bytes is no JSON: it breaks off before its end'],
    ['a missing comma', '{"a":1 "b":2}', 'the body of 13 bytes is no JSON: the fault is at character 7'],
    ['a page', '<html>', 'the body of 6 bytes is no JSON'],
    ['a list', '[1]', 'the body is a list, expected an object'],
    ['null', 'null', 'the body is null, expected an object'],
    ['a text', '"x"', 'the body is a string, expected an object'],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test('nesting without an end', () => {
    expect(refusal('['.repeat(1_000_000))).toContain('is no JSON');
  });
});

test('any body has an answer, and no refusal is longer than a line', () => {
  const anyJson = fc.json().map((text) => Buffer.from(text));
  const nearly = fc.record({
    object_kind: fc.constant('build'),
    build_status: fc.jsonValue(),
    build_id: fc.jsonValue(),
  });
  const bodies = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    anyJson,
    nearly.map((it) => Buffer.from(JSON.stringify(it))),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const hook = readHook(body);
      if (!hook.ok) expect(hook.error.message).toMatch(/^\P{Cc}{1,300}$/u);
    }),
  );
});

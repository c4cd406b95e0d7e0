import type { GroupId, ProjectId } from '@sideband/shared/names';
import type { Refusal, Result } from '@sideband/shared/result';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hook } from './hook.ts';
import type { HookSource } from './hook-secret.ts';
import { readHook } from './read-hook.ts';

const PROJECT: HookSource = { kind: 'project', project: 7 as ProjectId };
const GROUP: HookSource = { kind: 'group', group: 3 as GroupId };
const SYSTEM: HookSource = { kind: 'system' };
const FILE: HookSource = { kind: 'file' };
const job = { object_kind: 'build', build_id: 42, build_status: 'running', project_id: 7 };
const pipeline = { object_kind: 'pipeline', project: { id: 7 }, builds: [{ id: 42, status: 'running' }] };

function read(body: unknown, source = PROJECT): Result<Hook, Refusal> {
  return readHook(Buffer.from(JSON.stringify(body)), source);
}

function kindOf(body: unknown, source: HookSource): string {
  const hook = read(body, source);
  return hook.ok ? hook.value.kind : hook.error.message;
}

function refusal(text: string): string {
  const hook = readHook(Buffer.from(text), PROJECT);
  return hook.ok ? 'was accepted' : hook.error.message;
}

describe('what a source may speak of:', () => {
  const [create, move, destroy] = ['project_create', 'project_transfer', 'project_destroy'].map(
    (event_name) => ({
      event_name,
      project_id: 7,
    }),
  );
  test.each([
    ['a job', job, ['jobs', 'jobs', 'other-event', 'jobs']],
    ['a pipeline', pipeline, ['jobs', 'jobs', 'other-event', 'jobs']],
    ['a job of another project', { ...job, project_id: 8 }, ['wrong-project', 'jobs', 'other-event', 'jobs']],
    [
      'a waiting job of another project',
      { ...job, build_status: 'manual', project_id: 8 },
      ['wrong-project', 'not-needed', 'other-event', 'not-needed'],
    ],
    [
      'a pipeline of another project',
      { ...pipeline, project: { id: 8 } },
      ['wrong-project', 'jobs', 'other-event', 'jobs'],
    ],
    ['a new project', create, ['other-event', 'project', 'project', 'project']],
    ['a project that is gone', destroy, ['other-event', 'project', 'project', 'project']],
    ['a project that moved', move, ['other-event', 'not-needed', 'not-needed', 'not-needed']],
    ['a group', { event_name: 'group_rename' }, ['other-event', 'not-needed', 'not-needed', 'not-needed']],
    ['a user', { event_name: 'user_create' }, ['other-event', 'not-needed', 'not-needed', 'not-needed']],
    [
      'a push',
      { object_kind: 'push', event_name: 'push', project_id: 7 },
      ['other-event', 'other-event', 'other-event', 'other-event'],
    ],
    ['a template', { text: 'hello' }, ['other-event', 'other-event', 'other-event', 'other-event']],
    [
      'a kind that is no text',
      { object_kind: 7 },
      ['other-event', 'other-event', 'other-event', 'other-event'],
    ],
  ])('%s', (_, body, kinds) => {
    expect([PROJECT, GROUP, SYSTEM, FILE].map((source) => kindOf(body, source))).toEqual(kinds);
  });
});

test.each([
  ['project_create', 'project-created'],
  ['project_destroy', 'project-destroyed'],
])('%s', (event_name, name) => {
  const body = { event_name, project_id: 74, path_with_namespace: 'a/b', name: '\u001b[2J' };
  expect(read(body, SYSTEM)).toEqual({ ok: true, value: { kind: 'project', name, project: 74 } });
});

test('a project without an id is malformed', () => {
  expect(kindOf({ event_name: 'project_create', project_id: '74; DROP' }, SYSTEM)).toMatch(/^project_id: /);
});

test('a prototype in the body is only a name', () => {
  const text = '{"__proto__":{"object_kind":"build","build_id":1,"project_id":1,"build_status":"running"}}';
  expect(readHook(Buffer.from(text), PROJECT)).toEqual({ ok: true, value: { kind: 'other-event' } });
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
    // What cannot be made a text, and so must not be shown.
    ['build_id', { build_id: { toString: 1, valueOf: 1 } }],
    ['project_id', { project_id: [{ toString: null }] }],
    ['build_status', { build_status: null }],
    ['build_status', { build_status: ['running'] }],
  ])('%s of a job', (field, change) => {
    expect(refusal(JSON.stringify({ ...job, ...change }))).toMatch(new RegExp(`^${field}: `));
  });

  test.each([
    ['project.id', { project: undefined }],
    ['project.id', { project: { id: 'seven' } }],
    ['builds', { builds: undefined }],
    ['builds', { builds: { 0: {} } }],
  ])('%s of a pipeline', (field, change) => {
    expect(refusal(JSON.stringify({ ...pipeline, ...change }))).toMatch(new RegExp(`^${field}: `));
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

test('of a project no body is read that is larger than its largest pipeline’s; others may send more', () => {
  const large = Buffer.from(JSON.stringify({ ...job, commit: { message: 'x'.repeat(4 * 1024 * 1024) } }));
  const hook = readHook(large, PROJECT);
  expect(hook.ok ? '' : hook.error.message).toMatch(
    /^the body has 4\d{6} bytes; of a project's hook at most 4194304 are read$/,
  );
  expect(readHook(large, GROUP)).toMatchObject({ ok: true, value: { kind: 'jobs' } });
});

test('any body has an answer, and no refusal is longer than a line', () => {
  const nearlyJob = fc.record({
    object_kind: fc.constant('build'),
    project_id: fc.oneof(fc.constant(7), fc.jsonValue()),
    build_status: fc.jsonValue(),
    build_id: fc.jsonValue(),
  });
  const nearlyPipeline = fc.record({
    object_kind: fc.constant('pipeline'),
    project: fc.oneof(fc.constant({ id: 7 }), fc.jsonValue()),
    builds: fc.oneof(fc.array(fc.record({ id: fc.jsonValue(), status: fc.jsonValue() })), fc.jsonValue()),
  });
  const nearlySystem = fc.record({ event_name: fc.constant('project_create'), project_id: fc.jsonValue() });
  const bodies = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.oneof(nearlyJob, nearlyPipeline, nearlySystem).map((it) => Buffer.from(JSON.stringify(it))),
  );
  fc.assert(
    fc.property(bodies, fc.constantFrom(PROJECT, GROUP, SYSTEM, FILE), (body, source) => {
      const hook = readHook(body, source);
      if (!hook.ok) expect(hook.error.message).toMatch(/^\P{Cc}{1,300}$/u);
    }),
  );
});

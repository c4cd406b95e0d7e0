import type { ProjectId } from '@sideband/shared/names';
import { describe, expect, test } from 'vitest';
import { parseJob, parseRunnerJob } from './parse-job.ts';

const PROJECT = 7 as ProjectId;
const SHA = '0ff3ae198f8601a285adcf5c0fff204ee6fba5fd';
const OTHER_SHA = 'a'.repeat(64);
const ended = {
  id: 42,
  name: 'rspec',
  status: 'success',
  stage: 'test',
  ref: 'refs/merge-requests/3/head',
  created_at: '2021-02-23T02:41:00.000Z',
  started_at: '2021-02-23T02:41:37.886Z',
  finished_at: '2021-02-23 02:45:00 UTC',
  runner: { id: 1, description: 'shared' },
  runner_manager: { id: 3, system_id: 's_0123456789ab', version: '19.3.0' },
  pipeline: { id: 9, project_id: 7, sha: SHA, ref: 'main', source: 'parent_pipeline' },
  commit: { id: OTHER_SHA },
};

function refusal(raw: unknown): string {
  const job = parseJob(PROJECT, raw);
  return job.ok ? 'was accepted' : job.error.message;
}

test('reads what is needed and nothing else', () => {
  expect(parseJob(PROJECT, { ...ended, image: 'evil:latest', new_in_20: { anything: [1] } })).toEqual({
    ok: true,
    value: {
      project: 7,
      id: 42,
      name: 'rspec',
      status: 'success',
      phase: 'ended',
      createdAt: Date.UTC(2021, 1, 23, 2, 41),
      startedAt: Date.UTC(2021, 1, 23, 2, 41, 37, 886),
      finishedAt: Date.UTC(2021, 1, 23, 2, 45),
      runner: 1,
      systemId: 's_0123456789ab',
      commit: SHA,
      ref: 'refs/merge-requests/3/head',
      pipelineSource: 'parent_pipeline',
    },
  });
});

describe('a job nobody has picked up', () => {
  test.each([
    ['nulls', { started_at: null, finished_at: null, runner: null, runner_manager: null }],
    [
      'missing fields',
      { started_at: undefined, finished_at: undefined, runner: undefined, runner_manager: undefined },
    ],
  ])('has neither times nor a runner: %s', (_, none) => {
    expect(parseJob(PROJECT, { ...ended, ...none, status: 'created' })).toMatchObject({
      ok: true,
      value: {
        phase: 'waiting',
        startedAt: undefined,
        finishedAt: undefined,
        runner: undefined,
        systemId: undefined,
      },
    });
  });
});

test.each([
  ['text', 's_0123456789ab'],
  ['a number', { system_id: 12 }],
  ['no system id', {}],
  ['a hostile system id', { system_id: 's_{sb:h:other}' }],
])('keeps the job when its manager is unreadable: %s', (_, runner_manager) => {
  expect(parseJob(PROJECT, { ...ended, runner_manager })).toMatchObject({
    ok: true,
    value: { id: 42, systemId: undefined },
  });
});

test.each([
  ['runner', 'text', 'runner'],
  ['runner', { id: '1' }, 'runner'],
  ['runner', { id: -1 }, 'runner'],
  ['ref', 7, 'ref'],
  ['ref', '', 'ref'],
  ['ref', 'x'.repeat(1_025), 'ref'],
  ['pipeline', { source: 7 }, 'pipelineSource'],
  ['pipeline', { source: 'x'.repeat(65) }, 'pipelineSource'],
])('keeps the job when its %s is unreadable: %j', (field, value, name) => {
  const job = parseJob(PROJECT, { ...ended, [field]: value });
  expect(job).toMatchObject({ ok: true, value: { id: 42, [name]: undefined } });
});

test.each([
  ['its pipeline’s', {}, SHA],
  ['its own where the pipeline has none', { pipeline: null }, OTHER_SHA],
  ['its own where the pipeline’s is none', { pipeline: { sha: '../../etc' } }, OTHER_SHA],
  ['none of something else', { pipeline: { sha: 'HEAD' }, commit: { id: 12 } }, undefined],
])('takes as the commit %s', (_, change, commit) => {
  expect(parseJob(PROJECT, { ...ended, ...change })).toMatchObject({ ok: true, value: { id: 42, commit } });
});

describe('a job of a runner’s list', () => {
  // `JobBasicWithProject`: the project stands in it, the runner and its manager do not.
  const { runner: _runner, runner_manager: _manager, ...listed } = ended;

  test('says of which project it is', () => {
    expect(parseRunnerJob({ ...listed, project: { id: 12, path_with_namespace: 'a/b' } })).toMatchObject({
      ok: true,
      value: { project: 12, id: 42, runner: undefined, systemId: undefined, commit: SHA },
    });
  });

  test.each([
    ['has no project', {}, /^project: /],
    ['has a project without an id', { project: {} }, /^project\.id: /],
    ['has an id of no project', { project: { id: -3 } }, /is no project id/],
    ['is unreadable itself', { project: { id: 12 }, status: 7 }, /^status: /],
  ])('is refused when it %s', (_, change, problem) => {
    const job = parseRunnerJob({ ...listed, ...change });
    expect(job.ok ? 'was accepted' : job.error.message).toMatch(problem);
  });
});

test('cuts a name at GitLab’s own bound', () => {
  const job = parseJob(PROJECT, { ...ended, name: 'x'.repeat(100_000) });
  expect(job.ok && job.value.name).toHaveLength(255);
});

test.each([
  ['id', { id: '42' }],
  ['id', { id: null }],
  ['name', { name: 7 }],
  ['status', { status: undefined }],
  ['status', { status: 's'.repeat(65) }],
  ['created_at', { created_at: 'now' }],
  ['created_at', { created_at: null }],
  ['started_at', { started_at: '2021-02-30T00:00:00Z' }],
  ['finished_at', { finished_at: 12 }],
])('names %s when that is what is wrong', (field, change) => {
  expect(refusal({ ...ended, ...change })).toMatch(new RegExp(`^${field}: `));
});

test.each([0, -1, 1.5, 2 ** 53])('refuses %s as an id', (id) => {
  expect(refusal({ ...ended, id })).toContain('is no job id');
});

test.each([null, undefined, 'job', 7, [ended]])('refuses %j as a job', (raw) => {
  expect(refusal(raw)).toMatch(/^job: /);
});

test('does not repeat a value that it refuses', () => {
  const secret = 'glpat-in-the-wrong-place';
  expect(refusal({ ...ended, id: secret, created_at: secret, finished_at: secret })).not.toContain(secret);
});

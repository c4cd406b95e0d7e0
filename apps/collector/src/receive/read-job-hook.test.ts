import type { ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { readJobHook } from './read-job-hook.ts';

const PROJECT = 7 as ProjectId;
const T = Date.UTC(2026, 2, 1, 12);
/** As GitLab 18 sends it. */
const ended = {
  object_kind: 'build',
  build_id: 42,
  build_name: 'test: [a, b]',
  build_status: 'success',
  build_created_at: '2026-03-01T12:00:00.123Z',
  build_started_at: '2026-03-01T12:00:10.000Z',
  build_finished_at: '2026-03-01T12:01:00.000Z',
  build_created_at_iso: '2026-03-01T12:00:00Z',
  build_started_at_iso: '2026-03-01T12:00:10Z',
  build_finished_at_iso: '2026-03-01T12:01:00Z',
  runner: { id: 5, description: 'a runner', tags: ['docker'] },
};
const details = {
  name: 'test: [a, b]',
  createdAt: T + 123,
  startedAt: T + 10_000,
  finishedAt: T + 60_000,
  runner: 5,
};

function heard(change: object): unknown {
  const hook = readJobHook(PROJECT, { ...ended, ...change });
  if (!hook.ok) return hook.error.message;
  return hook.value.kind === 'jobs' ? hook.value.jobs[0] : hook.value;
}

test('an ended job needs nothing more of GitLab than its trace', () => {
  expect(heard({})).toEqual({ job: 42, status: 'ended', details });
});

test.each([
  ['created', 'expected'],
  ['pending', 'expected'],
  ['running', 'running'],
  ['success', 'ended'],
  ['failed', 'ended'],
  ['canceled', 'ended'],
])('a job that is %s is %s', (build_status, status) => {
  expect(heard({ build_status })).toMatchObject({ job: 42, status, details: { name: 'test: [a, b]' } });
});

test.each(['manual', 'skipped', 'scheduled', 'preparing', 'waiting_for_resource', 'canceling'])(
  'a job that is %s needs nothing',
  (build_status) => {
    expect(heard({ build_status })).toEqual({ kind: 'not-needed' });
  },
);

test('a status of a later GitLab is no fault', () => {
  const status = 'hibernating\u001b[2J';
  expect(heard({ build_status: status })).toEqual({
    kind: 'unknown-status',
    status: '"hibernating\\u001b[2J"',
  });
});

test('a job that waits has no times but one, and no runner', () => {
  const waiting = {
    build_status: 'created',
    build_started_at: null,
    build_started_at_iso: null,
    build_finished_at: null,
    build_finished_at_iso: null,
    runner: null,
  };
  expect(heard(waiting)).toEqual({
    job: 42,
    status: 'expected',
    details: { name: 'test: [a, b]', createdAt: T + 123 },
  });
});

test('reads the times of GitLab before 16 as well', () => {
  const old = {
    build_created_at: '2026-03-01 12:00:00 UTC',
    build_started_at: '2026-03-01 12:00:10 UTC',
    build_finished_at: '2026-03-01 13:01:00 +0100',
    build_created_at_iso: undefined,
    build_started_at_iso: undefined,
    build_finished_at_iso: undefined,
  };
  expect(heard(old)).toEqual({ job: 42, status: 'ended', details: { ...details, createdAt: T } });
});

test.each([
  ['is missing', undefined],
  ['cannot be read', 'last week'],
])('goes by the newer form where the other %s', (_, build_created_at) => {
  expect(heard({ build_created_at })).toMatchObject({ details: { createdAt: T } });
});

test.each([
  ['no name', { build_name: undefined }],
  ['an empty name', { build_name: '' }],
  ['a name that is none', { build_name: { a: 1 } }],
  ['a name without end', { build_name: 'x'.repeat(256) }],
  ['no creation', { build_created_at: null, build_created_at_iso: null }],
  ['a creation that is no time', { build_created_at: 1_700_000_000, build_created_at_iso: null }],
  ['a start that is no time', { build_started_at: 'never', build_started_at_iso: undefined }],
  ['no end', { build_finished_at: null, build_finished_at_iso: null }],
  ['an end on no calendar', { build_finished_at: '2026-02-30T12:00:00Z', build_finished_at_iso: null }],
])('%s: GitLab will be asked', (_, change) => {
  expect(heard(change)).toEqual({ job: 42, status: 'ended' });
});

test('a job that runs and says not since when: GitLab will be asked', () => {
  const change = { build_status: 'running', build_started_at: null, build_started_at_iso: null };
  expect(heard(change)).toEqual({ job: 42, status: 'running' });
});

test.each([['a text'], [{ id: '5' }], [{ id: -5 }], [{ id: { toString: 1 } }], [[5]], [null]])(
  'a runner that is %j is no runner',
  (runner) => {
    const { runner: _, ...rest } = details;
    expect(heard({ runner })).toEqual({ job: 42, status: 'ended', details: rest });
  },
);

test('a job that was cancelled before it started never started', () => {
  const { startedAt: _, ...rest } = details;
  const change = { build_status: 'canceled', build_started_at: null, build_started_at_iso: null };
  expect(heard(change)).toEqual({ job: 42, status: 'ended', details: rest });
});

test('names an image or a machine as it likes: nothing of it is taken', () => {
  const change = {
    image: { name: 'attacker.example/evil' },
    runner_manager: { system_id: 's_000000000000' },
  };
  expect(heard(change)).toEqual({ job: 42, status: 'ended', details });
});

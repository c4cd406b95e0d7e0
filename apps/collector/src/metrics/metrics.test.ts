import { readFile } from 'node:fs/promises';
import type { Millis } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { beforeEach, describe, expect, test } from 'vitest';
import { HOOK_OUTCOMES } from '../receive/hook-outcome.ts';
import { type CollectorMetrics, createCollectorMetrics } from './metrics.ts';
import type { QueueSeen } from './work-figures.ts';

const GITLAB = 'gitlab.example.com' as InstanceName;

let metrics: CollectorMetrics;
let queues: () => Promise<readonly QueueSeen[]>;

beforeEach(() => {
  queues = async () => [];
  metrics = createCollectorMetrics({ instances: [GITLAB], queues: () => queues() });
});

/** The samples of one name, by their labels as they are written. */
async function values(name: string): Promise<Record<string, number>> {
  const samples = (await metrics.text()).matchAll(/^sideband_collector_(\w+)(?:\{(.*)\})? (\S+)$/gm);
  const found = [...samples].filter(([, sample]) => sample === name);
  return Object.fromEntries(found.map(([, , labels = '', value]) => [labels, Number(value)]));
}

describe('before anything happened', () => {
  test('every counter whose labels are known is there at 0', async () => {
    const hooks = await values('hooks_total');
    expect(Object.keys(hooks)).toHaveLength(4 * HOOK_OUTCOMES.length);
    expect(new Set(Object.values(hooks))).toEqual(new Set([0]));
    expect(await values('hooks_shed_total')).toEqual({
      'reason="requests"': 0,
      'reason="bytes"': 0,
      'reason="queue"': 0,
    });
    expect(await values('builds_left_out_total')).toEqual({ '': 0 });
    expect(await values('trace_bytes_total')).toEqual({ 'instance="gitlab.example.com"': 0 });
    expect(await values('gitlab_circuit_open')).toEqual({ 'instance="gitlab.example.com"': 0 });
    expect(await values('jobs_missed_total')).toEqual({ '': 0 });
  });

  test('what is not known is not served', async () => {
    for (const name of [
      'last_poll_timestamp_seconds',
      'poll_projects',
      'queue_jobs',
      'jobs_resolved_total',
    ]) {
      expect([name, await values(name)]).toEqual([name, {}]);
    }
  });
});

test('hooks are counted by source and outcome, and timed', async () => {
  metrics.hookAnswered('project', 'queued', 0.003);
  metrics.hookAnswered('project', 'queued', 0.06);
  metrics.hookAnswered('file', 'malformed', 0.0001);
  metrics.hookShed('bytes');
  metrics.buildsLeftOut(345);
  expect(await values('hooks_total')).toMatchObject({
    'source="project",outcome="queued"': 2,
    'source="file",outcome="malformed"': 1,
    'source="file",outcome="queued"': 0,
  });
  expect(await values('hook_duration_seconds_bucket')).toMatchObject({
    'le="0.001"': 1,
    'le="0.005"': 2,
    'le="0.05"': 2,
    'le="0.1"': 3,
    'le="+Inf"': 3,
  });
  expect(await values('hooks_shed_total')).toMatchObject({ 'reason="bytes"': 1 });
  expect(await values('builds_left_out_total')).toEqual({ '': 345 });
});

test('requests to GitLab are counted by route and kind of answer, and timed if they were sent', async () => {
  const route = 'GET projects/:id/jobs/:id/trace';
  for (const status of [200, 206, 404, 429, 502, 'time-out', 'budget'] as const) {
    metrics.gitLabAsked(GITLAB, { route, status, ms: status === 'budget' ? 0 : 30 });
  }
  metrics.traceBytesRead(GITLAB, 4_096);
  const labels = (status: string) => `instance="gitlab.example.com",route="${route}",status="${status}"`;
  expect(await values('gitlab_requests_total')).toEqual({
    [labels('2xx')]: 2,
    [labels('4xx')]: 1,
    [labels('429')]: 1,
    [labels('5xx')]: 1,
    [labels('time-out')]: 1,
    [labels('budget')]: 1,
  });
  expect(await values('gitlab_request_duration_seconds_count')).toEqual({
    'instance="gitlab.example.com"': 6,
  });
  expect(await values('trace_bytes_total')).toEqual({ 'instance="gitlab.example.com"': 4_096 });
});

test('the circuit is open until a request is sent again', async () => {
  const ask = (status: 200 | 'circuit-open' | 'budget'): void =>
    metrics.gitLabAsked(GITLAB, { route: 'GET version', status, ms: 0 });
  ask('circuit-open');
  expect(await values('gitlab_circuit_open')).toEqual({ 'instance="gitlab.example.com"': 1 });
  ask('budget');
  expect(await values('gitlab_circuit_open')).toEqual({ 'instance="gitlab.example.com"': 1 });
  ask(200);
  expect(await values('gitlab_circuit_open')).toEqual({ 'instance="gitlab.example.com"': 0 });
});

test('what a stranger could invent makes no series', async () => {
  for (let n = 0; n < 200; n += 1) metrics.gitLabAsked(GITLAB, { route: `GET x${n}`, status: 200, ms: 1 });
  for (let n = 0; n < 200; n += 1) metrics.jobResolved(`"${n}"`);
  expect(Object.keys(await values('gitlab_requests_total'))).toHaveLength(65);
  expect(await values('jobs_resolved_total')).toEqual({ 'outcome="other"': 200 });
});

test('jobs and polls are counted', async () => {
  metrics.jobResolved('recorded');
  metrics.jobResolved('recorded');
  metrics.jobResolved('no-trace');
  metrics.polled({ at: 1_800_000_000_000 as Millis, missed: 3, projects: 12 });
  metrics.polled({ at: 1_800_000_300_000 as Millis, missed: 1, projects: 11 });
  expect(await values('jobs_resolved_total')).toEqual({ 'outcome="recorded"': 2, 'outcome="no-trace"': 1 });
  expect(await values('last_poll_timestamp_seconds')).toEqual({ '': 1_800_000_300 });
  expect(await values('poll_projects')).toEqual({ '': 11 });
  expect(await values('jobs_missed_total')).toEqual({ '': 4 });
});

test('queues are asked at each scrape, and are not served while nobody knows', async () => {
  queues = async () => [{ queue: 'resolve', counts: { waiting: 5, failed: 1 } }];
  expect(await values('queue_jobs')).toEqual({
    'queue="resolve",state="waiting"': 5,
    'queue="resolve",state="active"': 0,
    'queue="resolve",state="delayed"': 0,
    'queue="resolve",state="failed"': 1,
  });
  queues = () => Promise.reject(new Error('Connection is closed.'));
  expect(await values('queue_jobs')).toEqual({});
});

test('each figure follows Prometheus’s conventions, has a help, and is in docs/collector-metrics.md', async () => {
  const text = await metrics.text();
  const families = [...text.matchAll(/^# TYPE (sideband_\w+) (\w+)$/gm)];
  const page = await readFile(new URL('../../../../docs/collector-metrics.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)(?:\{[\w,]+\})?` \|/gm)].map(([, name]) => name);
  expect(families.map(([, name]) => name).sort()).toEqual(documented.sort());
  for (const [, name = '', type] of families) {
    expect(name).toMatch(/^sideband_collector_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z].*\\.$`, 'm'));
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

test('the process says how it is, and two of them share nothing', async () => {
  createCollectorMetrics({ instances: [GITLAB], queues }).buildsLeftOut(7);
  expect(await values('builds_left_out_total')).toEqual({ '': 0 });
  const text = await metrics.text();
  expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(metrics.contentType).toMatch(/^text\/plain/);
});

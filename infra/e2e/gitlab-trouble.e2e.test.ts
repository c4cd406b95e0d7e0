import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RequestRecord } from '../testkit/gitlab/requests.ts';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, type Fleet, INSTANCE, startFleet } from './fleet.ts';
import { endedHook, paperEngine, postHook, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('c');
const IMAGE = 'registry.example.com/team/app:1';

let fleet: Fleet;
let engine: RunnerEngine;
let project: ProjectId;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  engine = paperEngine([IMAGE]);
  project = fleet.gitlab.createProject({ path: 'team/app' });
});
afterAll(() => fleet?.stop());

const run = (): Promise<JobId> => runJob(fleet.gitlab, { project, systemId, engine, image: IMAGE });
const asked = (job: JobId): readonly RequestRecord[] =>
  fleet.gitlab.requests.all().filter(({ path }) => path.includes(`/jobs/${job}`));

test('asks nothing before the time that GitLab named is over, and tries again what met a 500', async () => {
  const { faults } = fleet.gitlab;
  fleet.gitlab.pointHookAt(undefined);
  // One poll at its start and none after that, so that all that is asked later is asked for the hook.
  const collector = await fleet.startCollector({ SIDEBAND_RECONCILE_EVERY: '1d' });
  await until('the first poll', async () => (await fleet.reconciling.queue.getCompletedCount()) > 0);
  const job = await run();
  faults.answerNext(1, { status: 429, retryAfter: 3 });
  faults.answerNext(1, { status: 500 });
  const before = fleet.gitlab.requests.all().length;

  expect((await postHook(fleet, project, endedHook(project, job))).status).toBe(202);
  await untilUsedBy(fleet, host, [job]);

  expect(asked(job).map(({ status }) => status)).toEqual([429, 500, 200, 200]);
  const [limited, next] = fleet.gitlab.requests.all().slice(before);
  expect((next?.at ?? 0) - (limited?.at ?? 0)).toBeGreaterThanOrEqual(3_000);
  await collector.stop(15_000);
});

test('what was acknowledged before a SIGKILL is dealt with from the queue alone', async () => {
  fleet.gitlab.pointHookAt(fleet.hook);
  const before = fleet.gitlab.hookCounts();
  // Else a poll would find the jobs as well, and its events come first.
  await fleet.reconciling.queue.pause();
  const collector = await fleet.startCollector({ SIDEBAND_RECONCILE_EVERY: '1d' });
  // The events wait (for less than 10 s they would in hand), so nothing is in hand when the process is killed.
  fleet.gitlab.faults.answerNext(1, { status: 429, retryAfter: 12, path: '/jobs/' });
  const jobs: JobId[] = [];
  for (let count = 0; count < 30; count += 1) jobs.push(await run());
  await fleet.gitlab.settled();
  const { queue } = fleet.resolving;
  await until('nothing to be in hand', async () => {
    return (await queue.getJobCountByTypes('waiting', 'active')) === 0 && (await fleet.inHand(host)) === 0;
  });
  expect(await queue.getDelayedCount()).toBeGreaterThan(20);
  await collector.kill();

  const next = await fleet.startCollector({ SIDEBAND_RECONCILE_EVERY: '1d' });
  await untilUsedBy(fleet, host, jobs);

  await fleet.settled();
  // Which of a job's events comes first after the wait is chance.
  for (const job of jobs) {
    const ids = ['running', 'ended'].map((status) => `${INSTANCE}-${project}-${job}-${status}`);
    const events = await Promise.all(ids.map((id) => fleet.resolving.queue.getJob(id)));
    expect(events.map((event) => event?.returnvalue.outcome)).toContain('recorded');
  }
  expect(fleet.gitlab.hookCounts().answered).toEqual({ 202: (before.answered[202] ?? 0) + 120 });
  await next.stop(15_000);
  await fleet.reconciling.queue.resume();
});

test('while GitLab answers 429, 500 and 502 or not at all, no use of a burst is lost', async () => {
  const { faults } = fleet.gitlab;
  fleet.gitlab.pointHookAt(fleet.hook);
  await fleet.startCollector();
  faults.answerNext(8, { status: 500, path: '/trace' });
  faults.answerNext(4, { status: 502, path: '/jobs/' });
  faults.answerNext(3, { status: 429, retryAfter: 1 });
  faults.answerNext(2, { status: 503, path: '/projects' });
  const jobs: JobId[] = [];
  for (let count = 0; count < 40; count += 1) {
    jobs.push(await run());
    if (count === 20) await fleet.gitlab.refuseConnections();
  }
  await fleet.gitlab.settled();
  await fleet.gitlab.acceptConnections();

  await untilUsedBy(fleet, host, jobs, 60_000);

  const statuses = fleet.gitlab.requests.all().map(({ status }) => status);
  for (const status of [429, 500, 502, 503]) expect(statuses).toContain(status);
});

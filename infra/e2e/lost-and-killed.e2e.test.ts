import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, exitOf, type Fleet, type Program, startFleet } from './fleet.ts';
import { jobsOf, paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('a');
const images = Array.from({ length: 10 }, (_, index) => `registry.example.com/team/app:${index}`);

let fleet: Fleet;
let collector: Program;
let engine: RunnerEngine;
let project: ProjectId;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  collector = await fleet.startCollector();
  engine = paperEngine(images);
  project = fleet.gitlab.createProject({ path: 'team/app' });
});
afterAll(() => fleet?.stop());

async function runJobs(count: number): Promise<readonly JobId[]> {
  const jobs: JobId[] = [];
  for (let index = 0; index < count; index += 1) {
    const image = images[index % images.length] ?? '';
    jobs.push(await runJob(fleet.gitlab, { project, systemId, engine, image }));
  }
  return jobs;
}

test('where every hook is lost, polling finds each job that ended', async () => {
  fleet.gitlab.pointHookAt({ ...fleet.hook, loseShare: 1 });
  const before = fleet.gitlab.hookCounts();
  const jobs = await runJobs(40);

  await untilUsedBy(fleet, host, jobs);

  // Of each job: created, pending, running, ended.
  expect(fleet.gitlab.hookCounts().lost - before.lost).toBe(160);
  expect(fleet.gitlab.hookCounts().sent).toBe(before.sent);
  const uses = await fleet.evidence.recordedUses(host, 1_000);
  expect(uses.filter((use) => use.role === 'build')).toHaveLength(40);
});

test('SIGTERM in the middle of a burst: what is in hand is finished, the rest waits, and the code is 0', async () => {
  fleet.gitlab.pointHookAt(fleet.hook);
  fleet.gitlab.faults.slowDown(200);
  const burst = await runJobs(30);
  await until('some events to be in hand', async () => (await fleet.resolving.queue.getActiveCount()) > 0);
  process.kill(collector.pid, 'SIGTERM');

  expect(await exitOf(collector), await collector.logTail()).toBe(0);
  fleet.gitlab.faults.slowDown(0);
  expect(await fleet.resolving.queue.getActiveCount()).toBe(0);
  expect(await fleet.reconciling.queue.getActiveCount()).toBe(0);
  expect(await fleet.resolving.queue.getWaitingCount()).toBeGreaterThan(0);
  expect(await collector.log()).not.toContain('"level":60');

  collector = await fleet.startCollector();
  await untilUsedBy(fleet, host, burst);
  await fleet.settled();
});

test('killed in the middle of a burst and started again, the collector has lost no use', async () => {
  const before = fleet.gitlab.hookCounts();
  // What it has taken in is then still to be looked up when it is killed.
  fleet.gitlab.faults.slowDown(40);
  const burst = runJobs(100);
  await until(
    'a part of the burst to be taken in',
    async () => {
      const { answered } = fleet.gitlab.hookCounts();
      return (answered[202] ?? 0) - (before.answered[202] ?? 0) >= 60;
    },
    { everyMs: 2 },
  );
  await collector.kill();
  const known = await jobsOf(fleet, host);
  fleet.gitlab.faults.slowDown(0);
  const jobs = await burst;
  await fleet.gitlab.settled();

  const { answered, unanswered } = fleet.gitlab.hookCounts();
  expect(answered[202]).toBeGreaterThan(before.answered[202] ?? 0);
  expect(unanswered).toBeGreaterThan(before.unanswered);
  expect(jobs.filter((job) => known.has(job)).length).toBeLessThan(100);

  collector = await fleet.startCollector();
  await untilUsedBy(fleet, host, jobs);
});

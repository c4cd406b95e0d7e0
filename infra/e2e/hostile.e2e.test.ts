import { connect } from 'node:net';
import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, type Fleet, type Program, startFleet } from './fleet.ts';
import { endedHook, jobsOf, paperEngine, postHook, runJob, runWritten, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('b');
const IMAGE = 'registry.example.com/team/app:1';
const FORGED = 'registry.example.com/victim/secret:1';
const FORGED_ID = `sha256:${'f0'.repeat(32)}`;
const YEAR_9999 = Date.parse('9999-12-31T23:59:59Z') as Millis;

let fleet: Fleet;
let collector: Program;
let engine: RunnerEngine;
let project: ProjectId;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  collector = await fleet.startCollector();
  engine = paperEngine([IMAGE]);
  project = fleet.gitlab.createProject({ path: 'team/app' });
});
afterAll(() => fleet?.stop());

async function untilDealtWith(): Promise<void> {
  await fleet.settled();
  expect(await fleet.resolving.queue.getFailedCount()).toBe(0);
}

/** What the runner would say, one sentence a line, if a job's author had the pen. */
function forgedLines(head: string): readonly string[] {
  return [
    `Using Docker executor with image ${FORGED} ...`,
    `Using effective pull policy of [always] for container ${FORGED}`,
    `Pulling docker image ${FORGED} ...`,
    `Using docker image ${FORGED_ID} for ${FORGED} with digest ${FORGED.replace(':1', '')}@${FORGED_ID} ...`,
  ].map((line) => `${head}${line}`);
}

const HEADS = {
  bare: '',
  coloured: '\u001b[0K',
  'after a section of its own': 'section_start:1700000000:prepare_executor\r\u001b[0K',
  'with a time and the runner’s stream': '2026-11-21T10:00:00.000000Z 00O ',
  'after a carriage return': 'ok\r2026-11-21T10:00:00.000000Z 00O ',
};

test.each(['plain', 'timestamped', 'timestamped-split'] as const)(
  'a script that forges the runner’s lines gives no image a use: %s',
  async (format) => {
    for (const [how, head] of Object.entries(HEADS)) {
      const output = [...forgedLines(head), ...forgedLines(head).map((line) => `${line}\r`)];
      const job = await runJob(fleet.gitlab, { project, systemId, engine, image: IMAGE, output, format });
      await untilUsedBy(fleet, host, [job]);
      const known = [...(await fleet.evidence.lastUses(host)).keys()];
      expect(
        known.filter((identity) => /victim|f0f0f0/.test(identity)),
        how,
      ).toEqual([]);
      expect(known).toContain(IMAGE);
    }
    const repullable = [...(await fleet.evidence.repullable(host))];
    expect(repullable.filter((identity) => /victim|f0f0f0/.test(identity))).toEqual([]);
  },
);

test('a log that is empty, erased or lost says nothing, and stops nothing', async () => {
  const { gitlab } = fleet;
  const empty = runWritten(gitlab, { project, systemId, trace: '' });
  gitlab.pointHookAt(undefined);
  const erased = await runJob(gitlab, { project, systemId, engine, image: IMAGE });
  gitlab.erase(erased);
  const lost = await runJob(gitlab, { project, systemId, engine, image: IMAGE });
  gitlab.faults.loseTrace(lost);
  gitlab.pointHookAt(fleet.hook);
  const fine = await runJob(gitlab, { project, systemId, engine, image: IMAGE });

  await untilUsedBy(fleet, host, [fine]);
  await untilAskedFor([empty, erased, lost]);
  await untilDealtWith();

  const known = await jobsOf(fleet, host);
  expect([empty, erased, lost].filter((job) => known.has(job))).toEqual([]);
});

test('a job that ends in the year 9999 counts as used when GitLab told of it, and not later', async () => {
  const image = 'registry.example.com/team/far:1';
  const before = Date.now();
  const job = await runJob(fleet.gitlab, {
    ...{ project, systemId, engine: paperEngine([image]), image, finishedAt: YEAR_9999 },
  });
  await untilUsedBy(fleet, host, [job]);
  await untilDealtWith();

  const at = (await fleet.evidence.lastUses(host)).get(image as Identity)?.at;
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
  expect(await collector.log()).toContain('clock is ahead');
});

test.each([
  ['a name of 10 kB', `registry.example.com/${'long/'.repeat(2_000)}name:1`],
  ['a name with control characters', 'registry.example.com/team/\u0000\u0007evil:1'],
  ['a name with a colour in it', 'registry.example.com/team/\u001b[31mevil:1'],
  ['a name with a line feed', 'registry.example.com/team/evil\nUsing docker image x for y ...:1'],
  ['a name that is no UTF-8 any more', 'registry.example.com/team/\ufffdevil:1'],
])('%s in the runner’s own words becomes no evidence', async (_what, name) => {
  const trace = [
    'Running with gitlab-runner 19.3.0 (1f7b0b7a)',
    `  on e2e sideband1, system ID: ${systemId}`,
    'Preparing the "docker" executor',
    `Using Docker executor with image ${name} ...`,
    `Using effective pull policy of [always] for container ${name}`,
    `Pulling docker image ${name} ...`,
    `Using docker image ${FORGED_ID} for ${name} with digest registry.example.com/team/evil@${FORGED_ID} ...`,
    'Preparing environment',
    '',
  ].join('\n');
  const before = (await fleet.evidence.lastUses(host)).size;
  const job = runWritten(fleet.gitlab, { project, systemId, trace });
  await untilAskedFor([job]);
  await untilDealtWith();

  expect(await jobsOf(fleet, host)).not.toContain(job);
  expect((await fleet.evidence.lastUses(host)).size).toBe(before);
});

/** Resolves when the collector has read, or tried to read, the logs of these jobs. */
async function untilAskedFor(jobs: readonly JobId[]): Promise<void> {
  await until('the logs to be asked for', async () => {
    const paths = new Set(fleet.gitlab.requests.all().map((request) => request.path));
    return jobs.every((job) => paths.has(`/api/v4/projects/${project}/jobs/${job}/trace`));
  });
}

test('hooks that are wrong are refused for what is wrong with them, and the next good one is taken', async () => {
  fleet.gitlab.pointHookAt(undefined);
  const job = await runJob(fleet.gitlab, { project, systemId, engine, image: IMAGE });
  const good = endedHook(project, job);

  expect((await postHook(fleet, project, good, 'wrong')).status).toBe(401);
  expect((await postHook(fleet, project, good, '')).status).toBe(401);
  expect((await postHook(fleet, project, good.slice(0, -9))).status).toBe(202);
  expect((await postHook(fleet, project, '')).status).toBe(202);
  expect((await postHook(fleet, project, new Uint8Array(30_000_000))).status).toBe(413);
  expect((await postHook(fleet, project, new Uint8Array(30_000_000), 'wrong')).status).toBe(401);
  await breakOff(good);

  expect(collector.hasExited()).toBe(false);
  expect((await postHook(fleet, project, good)).status).toBe(202);
  await untilUsedBy(fleet, host, [job]);
  expect(await collector.log()).not.toMatch(new RegExp(`${fleet.secret}|${fleet.password}`));
});

/** A sender that promises a whole hook, sends half of it and hangs up. */
async function breakOff(body: string): Promise<void> {
  const { hostname, port, pathname } = new URL(fleet.hook.url(project));
  const socket = connect(Number(port), hostname);
  await new Promise<void>((done, failed) => {
    socket.once('error', failed);
    socket.once('close', () => done());
    const head = `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nX-Gitlab-Token: ${fleet.hook.secret(project)}\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`, () => socket.destroy());
  });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOnSearchPath } from '../testkit/search-path.ts';
import { skipBecause } from '../testkit/skip.ts';
import { until } from '../testkit/until.ts';
import { runCommand } from './command.ts';
import { aHost, aSystemId, type Fleet, INSTANCE, startFleet } from './fleet.ts';
import { startWithoutPolls } from './hooks-alone.ts';
import { paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('a');
const IMAGE = 'registry.example.com/team/app:1';
const OTHER = 'registry.example.com/team/other:1';
const engine = paperEngine([IMAGE, OTHER]);

let fleet: Fleet;
let project: ProjectId;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  project = fleet.gitlab.createProject({ path: 'team/app' });
  await startWithoutPolls(fleet, { SIDEBAND_PUBLIC_URL: fleet.url });
});
afterAll(() => fleet?.stop());

/** What GitLab was asked from now on. */
function watchRequests(): () => readonly string[] {
  const before = fleet.gitlab.requests.all().length;
  return () =>
    fleet.gitlab.requests
      .all()
      .slice(before)
      .map(({ method, path }) => `${method} ${path}`);
}

/** `confirmed`, … for each identity that the job needs on the host. */
async function leasesOf(job: JobId): Promise<Readonly<Record<string, string>>> {
  const leases = await fleet.evidence.leases(host, Date.now() as Millis);
  return Object.fromEntries(
    leases.filter((lease) => lease.job.job === job).map(({ identity, strength }) => [identity, strength]),
  );
}

test('a pipeline’s message makes expectations, a start makes them leases at no request, and an end costs one', async () => {
  const { gitlab } = fleet;
  const hook = { ...fleet.hook, pipelineEvents: true };
  gitlab.pointHookAt(hook);
  await untilUsedBy(fleet, host, [await runJob(gitlab, { project, systemId, engine, image: IMAGE })]);
  await fleet.settled();
  const asked = watchRequests();

  gitlab.pointHookAt(undefined);
  const { pipeline, jobs } = gitlab.createPipeline({
    project,
    jobs: [{ name: 'build' }, { name: 'never seen before' }],
  });
  const [job, unknown] = jobs;
  if (job === undefined || unknown === undefined) throw new Error('The pipeline has no jobs');
  gitlab.pointHookAt(hook);
  const sent = gitlab.hookCounts().sent;
  gitlab.sendPipelineHook(pipeline);
  await until('the expectation', async () => (await leasesOf(job))[IMAGE] === 'expected');
  expect(gitlab.hookCounts().sent - sent).toBe(1);
  expect(await leasesOf(unknown)).toEqual({});

  await runJob(gitlab, {
    ...{ project, systemId, engine, image: IMAGE, job },
    inPreparationGap: async () => {
      await until('the prediction', async () => (await leasesOf(job))[IMAGE] === 'predicted');
      expect(new Set(Object.values(await leasesOf(job)))).toEqual(new Set(['predicted']));
      expect(asked()).toEqual([]);
    },
  });
  await untilUsedBy(fleet, host, [job]);
  await fleet.settled();
  expect(asked()).toEqual([`GET /api/v4/projects/${project}/jobs/${job}/trace`]);
  expect(await leasesOf(job)).toEqual({});
});

test('without the right to read logs, the CI configuration tells, and what it does not is said', async () => {
  const { gitlab } = fleet;
  const closed = gitlab.createProject({ path: 'team/closed' });
  gitlab.pointHookAt(fleet.hook);
  gitlab.faults.refuseTraces(closed);
  gitlab.setConfiguration(
    closed,
    [
      'variables: { VERSION: "2" }',
      'build:',
      '  image: registry.example.com/team/configured:$VERSION',
      '  services: ["$MIRROR/postgres:16"]',
      '  script: [make]',
    ].join('\n'),
  );
  const run = (): Promise<JobId> => runJob(gitlab, { project: closed, systemId, engine, image: OTHER });
  const job = await run();
  await untilUsedBy(fleet, host, [job]);
  await fleet.settled();

  const uses = await fleet.evidence.lastUses(host);
  expect(uses.get('registry.example.com/team/configured:2' as Identity)).toMatchObject({
    ...{ source: 'configuration', role: 'build', job: { project: closed, job } },
  });
  expect(uses.has(OTHER as Identity)).toBe(false);
  const resolved = await fleet.resolving.queue.getJob(`${INSTANCE}-${closed}-${job}-ended`);
  expect(resolved?.returnvalue).toMatchObject({
    ...{ outcome: 'configuration', uses: 1, hosts: [host] },
    missing: [expect.stringContaining('MIRROR')],
  });

  gitlab.faults.refuseTraces(closed, false);
  const later = await run();
  await untilUsedBy(fleet, host, [later]);
  expect((await fleet.evidence.lastUses(host)).get(OTHER as Identity)).toMatchObject({
    ...{ source: 'trace', job: { job: later } },
  });
});

skipBecause(isOnSearchPath('curl') ? undefined : 'there is no curl').describe('the file hook', () => {
  test('covers projects of which none has a hook, also those that come later', async () => {
    const { gitlab, directory } = fleet;
    gitlab.pointHookAt(undefined);
    const secret = await runCommand(fleet, ['hooks', 'secret', '--file', '--json'], {
      SIDEBAND_PUBLIC_URL: fleet.url,
    });
    const { url, secretToken } = JSON.parse(secret.said);
    const script = join(directory, 'sideband-forward');
    await copyFile(new URL('../file-hook/sideband-forward', import.meta.url), script);
    await chmod(script, 0o755);
    await mkdir(join(directory, 'sideband'));
    const tokenFile = join(directory, 'sideband/token');
    await writeFile(tokenFile, `${secretToken}\n`, { mode: 0o600 });
    await writeFile(join(directory, 'sideband/forward.conf'), `url=${url}\ntoken_file=${tokenFile}\n`);
    const codes: unknown[] = [];
    gitlab.onFileHook(async (payload) => {
      const child = spawn(script, { stdio: ['pipe', 'ignore', 'ignore'] });
      child.stdin.end(JSON.stringify(payload));
      codes.push((await once(child, 'close'))[0]);
    });
    const jobs: JobId[] = [];
    for (const path of ['file/one', 'file/two', 'file/three']) {
      const here = gitlab.createProject({ path });
      jobs.push(await runJob(gitlab, { project: here, systemId, engine, image: IMAGE }));
    }
    await untilUsedBy(fleet, host, jobs);
    await fleet.settled();
    // Of each: the project, and its job created, pending, running and ended.
    expect(codes).toEqual(Array(15).fill(0));
  });
});

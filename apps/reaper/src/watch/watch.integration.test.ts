import { existsSync } from 'node:fs';
import { type GitLabStandIn, startGitLab } from '@sideband/infra/testkit/gitlab/stand-in';
import { makeImage } from '@sideband/infra/testkit/images';
import { type Registry, startRegistry } from '@sideband/infra/testkit/registry';
import { dockerEngine } from '@sideband/infra/testkit/runner/docker-engine';
import type { JobRun } from '@sideband/infra/testkit/runner/job-run';
import { finishJob, startJob } from '@sideband/infra/testkit/runner/run-job';
import { type Sandbox, startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { systemClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { JobId } from '@sideband/shared/names';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DockerdProcess, dockerdProcess } from '../engine/dockerd-process.suite.ts';
import { createDockerEngine } from '../engine/dockerode-engine.ts';
import type { Engine, EventPosition } from '../engine/port.ts';
import type { Sightings } from '../evidence/sightings.ts';
import { createBatch } from './batch.ts';
import { createOwnTags } from './own-tags.ts';
import type { Watch } from './port.ts';
import { sleepUnlessAborted } from './sleep.ts';
import { createWatch } from './watch.ts';

const MEBIBYTE = 2 ** 20;
const RUNNER = {
  name: 'blue',
  shortToken: 'xS6Vz_voq',
  systemId: 's_0123456789ab',
  version: '19.3.0',
  revision: 'abcdef12',
  runnerId: 7,
  hostname: 'host-1',
};
const BUILD = 'quay.io/sideband/ruby:3.3';
const SERVICE = 'quay.io/sideband/redis:7';
const HELPER = 'quay.io/sideband/helper:1';
const missing = whyNoSandbox() ?? (existsSync('/bin/busybox') ? undefined : 'there is no /bin/busybox');

skipBecause(missing).describe('watch on a real engine', () => {
  let directory: TemporaryDirectory;
  let registry: Registry;
  let sandbox: Sandbox;
  let dockerd: DockerdProcess;
  let engine: Engine;
  let gitlab: GitLabStandIn;
  let watch: Watch;
  let batches: Sightings[];
  let position: EventPosition | undefined;

  beforeAll(async () => {
    directory = await temporaryDirectory('watch');
    registry = await startRegistry({
      images: [BUILD, SERVICE, HELPER].map((reference, layer) => ({ reference, layers: [layer] })),
      layers: new Map([0, 1, 2].map((layer) => [layer, MEBIBYTE / 4])),
    });
    sandbox = await startSandbox({
      directory: directory.path,
      diskBytes: 100 * MEBIBYTE,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
    dockerd = await dockerdProcess(sandbox);
    engine = createDockerEngine({ socket: `unix://${sandbox.socketPath}`, log: silentLog() });
    gitlab = await startGitLab({ clock: systemClock, token: 'secret' });
    gitlab.createProject({ id: 42, path: 'group/app' });
  });
  afterAll(async () => {
    await gitlab?.stop();
    await dockerd?.close();
    await sandbox?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  beforeEach(async () => {
    batches = [];
    position = undefined;
    await begin();
  });
  afterEach(() => watch.stop());

  async function begin(): Promise<void> {
    watch = createWatch({
      engine,
      tellsOnlyGoodPulls: true,
      position: () => position,
      see: async (sightings) => {
        batches.push(sightings);
        position = sightings.position ?? position;
      },
      instanceAt: () => undefined,
      clock: systemClock,
      correct: (at) => at,
      ownTags: createOwnTags(systemClock),
      agreement: { saw: () => undefined, interrupted: () => undefined },
      sleep: sleepUnlessAborted,
      random: Math.random,
      log: silentLog(),
    });
    watch.start();
    await isWatching();
  }

  const isWatching = () =>
    until('watch to be there', async () => watch.status().isWatching, { timeoutMs: 30_000 });

  function seen(): Sightings {
    const batch = createBatch();
    for (const sightings of batches) batch.add(sightings);
    return batch.take();
  }

  function runOf(job: JobId): JobRun {
    const runner = dockerEngine(sandbox.docker);
    const more = { image: BUILD, services: [SERVICE], helper: HELPER, start: true };
    return { gitlab, engine: runner, runner: RUNNER, clock: systemClock, job, ...more };
  }

  function newJob(): JobId {
    const job = gitlab.createJob({ project: 42, name: 'test' });
    gitlab.pending(job);
    return job;
  }

  async function start(job: JobId) {
    const running = await startJob(runOf(job));
    if (running === undefined) throw new Error('The job failed');
    return running;
  }

  async function idOf(name: string): Promise<string | undefined> {
    return (await engine.find(name))?.id;
  }

  /** By role, the first identity of the images that the job used. */
  function usesOf(job: JobId): Record<string, string | undefined> {
    const uses = seen().uses.filter((use) => use.job?.job === job);
    return Object.fromEntries(uses.map(({ role, identities }) => [role, identities[0]]));
  }

  const allRoles = (job: JobId) =>
    until('all of the job’s uses', async () => Object.keys(usesOf(job)).length === 3 && usesOf(job));

  async function imagesOfJob(): Promise<Record<string, string | undefined>> {
    return { build: await idOf(BUILD), service: await idOf(SERVICE), helper: await idOf(HELPER) };
  }

  test('sees a job’s life: its images by role, its claim, its manager, and where the images came from', async () => {
    const job = newJob();
    const begun = Date.now();
    await finishJob(await start(job), 'success');

    expect(await allRoles(job)).toEqual(await imagesOfJob());
    const { host, hostname } = new URL(gitlab.url);
    const { uses, claims, managers, projects, pulled, builtHere } = seen();
    const build = uses.find(({ role }) => role === 'build');
    expect(build).toMatchObject({ job: { instance: hostname, project: 42, job }, source: 'watch' });
    expect(build?.identities).toContain(BUILD);
    expect(build?.at).toBeGreaterThanOrEqual(begun - 1);
    expect(build?.at).toBeLessThanOrEqual(build?.receivedAt ?? 0);
    expect(claims).toEqual([{ gitlab: host, project: 42, job }]);
    expect(managers).toEqual([RUNNER.systemId]);
    expect(projects).toEqual([{ url: `${gitlab.url}/group/app`, project: 42 }]);
    expect(pulled).toEqual(expect.arrayContaining(Object.values(await imagesOfJob())));
    expect(builtHere).toEqual([]);
  });

  test('goes on where it was after the engine was restarted in the middle of a job', async () => {
    const [before, after] = [newJob(), newJob()];
    const running = await start(before);
    await allRoles(before);
    await dockerd.stop();
    await until('watch to notice', async () => !watch.status().isWatching);
    await dockerd.start();
    await isWatching();
    const returned = Date.now();
    await finishJob(running, 'success');
    await finishJob(await start(after), 'success');

    expect(await allRoles(after)).toEqual(await imagesOfJob());
    expect(watch.status().gaps).toBe(1);
    await until('the end of the first job', async () =>
      seen().uses.some((use) => use.job?.job === before && use.at >= returned),
    );
    expect(seen().claims.map(({ job }) => job)).toEqual(expect.arrayContaining([before, after]));
  });

  test('sees what happened while it was stopped', async () => {
    const [before, meanwhile] = [newJob(), newJob()];
    await finishJob(await start(before), 'success');
    await allRoles(before);
    await watch.stop();
    batches = [];
    await finishJob(await start(meanwhile), 'success');
    expect(batches).toEqual([]);

    await begin();

    expect(await allRoles(meanwhile)).toEqual(await imagesOfJob());
  });

  test('tells what was built and loaded here from what a tag was put on', async () => {
    const { docker } = sandbox;
    await finishJob(await start(newJob()), 'success');
    await watch.inventory.images();
    const loaded = await makeImage(docker, { names: ['loaded:1'], layers: [{ seed: 'l', bytes: 1_000 }] });
    const container = await docker.createContainer({ Image: loaded, Cmd: ['/none'] });
    const committed = (await container.commit({ repo: 'built', tag: '1' })) as { Id: string };
    await docker.getImage(BUILD).tag({ repo: 'copied', tag: '1' });
    await container.remove();
    const copied = () => seen().uses.some(({ identities }) => `${identities}`.includes('library/copied:1'));
    await until('the last tag', async () => copied());
    expect(seen().builtHere.toSorted()).toEqual([loaded, committed.Id].toSorted());
    await docker.getImage('built:1').remove();
    await until('the deletion', async () => (seen().deleted as readonly string[]).includes(committed.Id));
  });

  test('has seen each container that was made before it is asked whether all is noted', async () => {
    const { docker } = sandbox;
    const Image = await makeImage(docker, { names: ['loaded:1'], layers: [{ seed: 'l', bytes: 1_000 }] });
    for (let job = 1_001; job <= 1_050; job += 1) {
      const prefix = 'com.gitlab.gitlab-runner.';
      const url = `${gitlab.url}/group/app/-/jobs/${job}`;
      const Labels = {
        [`${prefix}job.id`]: `${job}`,
        [`${prefix}job.url`]: url,
        [`${prefix}project.id`]: '42',
      };
      await docker.createContainer({ Image, Cmd: ['/none'], Labels });
      watch.inventory.refresh();
      await watch.settled();
      expect(seen().claims.at(-1)?.job).toBe(job);
    }
    expect(await watch.inventory.containers()).toHaveLength((await engine.containers()).length);
  });
});

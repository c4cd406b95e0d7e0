import { existsSync } from 'node:fs';
import { systemClock } from '@sideband/shared/clock';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGitLab } from '../gitlab/stand-in.ts';
import { type Registry, startRegistry } from '../registry.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from '../sandbox.ts';
import { skipBecause } from '../skip.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { dockerEngine } from './docker-engine.ts';
import { describeRunnerEngine } from './engine.suite.ts';
import { finishJob, startJob } from './run-job.ts';

const MEBIBYTE = 2 ** 20;
const OFFERED = 'registry.test/tools/ruby:3.3';
const TOO_LARGE = 'registry.test/tools/huge:1';
const missing = whyNoSandbox() ?? (existsSync('/bin/busybox') ? undefined : 'there is no /bin/busybox');

skipBecause(missing).describe('on a real engine', () => {
  let directory: TemporaryDirectory;
  let registry: Registry;
  let sandbox: Sandbox;

  beforeAll(async () => {
    directory = await temporaryDirectory('runner-engine');
    registry = await startRegistry({
      images: [
        { reference: OFFERED, layers: [1] },
        { reference: TOO_LARGE, layers: [2, 3] },
      ],
      layers: new Map([
        [1, MEBIBYTE],
        [2, 40 * MEBIBYTE],
        [3, 60 * MEBIBYTE],
      ]),
    });
    sandbox = await startSandbox({
      directory: directory.path,
      diskBytes: 80 * MEBIBYTE,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });

  afterAll(async () => {
    await sandbox?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  describeRunnerEngine('dockerd', async () => {
    const { docker } = sandbox;
    return {
      engine: dockerEngine(docker),
      offered: OFFERED,
      tooLarge: TOO_LARGE,
      containers: async () => {
        const all = await docker.listContainers({ all: true });
        return all.map(({ ImageID, Labels }) => ({ image: ImageID, labels: Labels }));
      },
      evict: async (id) => void (await docker.getImage(id).remove()),
      close: async () => {
        for (const { Id } of await docker.listContainers({ all: true })) {
          await docker.getContainer(Id).remove({ force: true });
        }
        for (const { Id } of await docker.listImages()) await docker.getImage(Id).remove();
      },
    };
  });

  it('runs a job from pick-up to end, and the engine shows whose container it is', async () => {
    const gitlab = await startGitLab({ token: 'secret' });
    try {
      const project = gitlab.createProject({ path: 'group/app' });
      const job = gitlab.createJob({ project, name: 'test' });
      gitlab.pending(job);
      const runner = {
        name: 'blue',
        shortToken: 'xS6Vz_voq',
        systemId: 's_0123456789ab',
        version: '19.3.0',
        revision: 'abcdef12',
        runnerId: 7,
        hostname: 'host-1',
      };
      const { docker } = sandbox;
      const engine = dockerEngine(docker);
      const run = { gitlab, engine, runner, clock: systemClock, job, image: OFFERED, start: true };
      const running = await startJob(run);
      if (running === undefined) throw new Error('The job failed');

      const image = await docker.getImage(OFFERED).inspect();
      const [id = ''] = running.containers;
      const container = await docker.getContainer(id).inspect();
      expect(container.Image).toBe(image.Id);
      expect(container.Config.Image).toBe(image.RepoDigests[0]);
      expect(container.HostConfig.NetworkMode).toBe('none');
      expect(container.Name).toMatch(/^\/runner-xs6vzvoq-project-1-concurrent-0-[0-9a-f]{16}-build$/);
      expect(container.Config.Labels).toMatchObject({
        'com.gitlab.gitlab-runner.job.id': String(job),
        'com.gitlab.gitlab-runner.job.url': `${gitlab.url}/group/app/-/jobs/${job}`,
        'com.gitlab.gitlab-runner.runner.system_id': 's_0123456789ab',
        'com.gitlab.gitlab-runner.managed': 'true',
        'com.gitlab.gitlab-runner.type': 'build',
      });
      const { StatusCode } = await docker.getContainer(id).wait();
      expect(StatusCode).toBe(0);

      await finishJob(running, 'success');
      expect(await docker.listContainers({ all: true })).toEqual([]);
      const headers = { 'PRIVATE-TOKEN': 'secret' };
      const trace = await fetch(`${gitlab.url}/api/v4/projects/${project}/jobs/${job}/trace`, { headers });
      const using = `Using docker image ${image.Id} for ${OFFERED} with digest ${image.RepoDigests[0]} ...`;
      expect((await trace.text()).split(using)).toHaveLength(3);
    } finally {
      await gitlab.stop();
    }
  });
});

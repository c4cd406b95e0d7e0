import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { makeImage } from '@sideband/infra/testkit/images';
import type { Sandbox } from '@sideband/infra/testkit/sandbox';
import { tar } from '@sideband/infra/testkit/tar';
import { until } from '@sideband/infra/testkit/until';
import type { DockerdProcess } from './dockerd-process.suite.ts';
import type { EngineLab } from './engine.suite.ts';
import type { EngineEventsLab } from './engine-events.suite.ts';
import type { DigestName, Engine, ImageId } from './port.ts';

/** The machine's own programs, for containers of images that have none. */
const HOST_PROGRAMS = ['/usr:/usr:ro', '/usr/lib:/lib:ro', '/usr/lib64:/lib64:ro'];
const HOST_CONFIG = { NetworkMode: 'none', Binds: HOST_PROGRAMS };

/** A sandbox that can pull `quay.io/sideband/offered:1`, as the suites want it. */
export function dockerLab({ docker }: Pick<Sandbox, 'docker'>, engine: Engine): EngineLab {
  return {
    engine,
    makeImage: async (options) => (await makeImage(docker, options)) as ImageId,
    async pullOffered(by) {
      const repository = 'quay.io/sideband/offered';
      await text(await docker.pull(`${repository}:1`));
      const { Id, RepoDigests } = await docker.getImage(`${repository}:1`).inspect();
      const digest = RepoDigests[0] as DigestName;
      if (by === 'digest') {
        await docker.getImage(Id).remove();
        await text(await docker.pull(digest));
      }
      return { id: Id as ImageId, digest };
    },
    async makeChild(parent, name) {
      const container = await docker.createContainer({ Image: parent, Cmd: ['/nothing'] });
      const [repo, tag] = name.split(':');
      const { Id } = (await container.commit({ repo, tag })) as { Id: string };
      await container.remove();
      // Podman leaves the prefix out.
      return `sha256:${Id.replace('sha256:', '')}` as ImageId;
    },
    async makeContainer(image, state) {
      const container = await docker.createContainer({
        Image: image,
        Cmd: state === 'running' ? ['/usr/bin/sleep', '3600'] : ['/usr/bin/true'],
        HostConfig: HOST_CONFIG,
      });
      if (state !== 'created') await container.start();
      if (state === 'exited') await container.wait();
      return container.id;
    },
    removeContainer: async (id) => await docker.getContainer(id).remove({ force: true }),
    close: async () => undefined,
  };
}

export function dockerEventsLab(sandbox: Sandbox, engine: Engine, dockerd: DockerdProcess): EngineEventsLab {
  const { docker } = sandbox;
  return {
    ...dockerLab(sandbox, engine),
    async createContainer(image, labels) {
      const { id } = await docker.createContainer({
        Image: image,
        Labels: { ...labels },
        Cmd: ['/usr/bin/sleep', '3600'],
        Healthcheck: { Test: ['CMD', '/usr/bin/true'], Interval: 1_000_000_000 },
        HostConfig: HOST_CONFIG,
      });
      return id;
    },
    async runContainer(id) {
      const container = docker.getContainer(id);
      await container.start();
      await container.kill();
      await container.wait();
    },
    async disturbContainer(id) {
      const container = docker.getContainer(id);
      await container.start();
      const exec = await container.exec({ Cmd: ['/usr/bin/true'] });
      await exec.start({});
      await until('a health check to pass', async () => {
        const { State } = await container.inspect();
        return State.Health?.Status === 'healthy';
      });
    },
    async importImage(name) {
      const [repo, tag] = name.split(':');
      const archive = Readable.from([tar({ file: Buffer.from('content') })]);
      await text(await docker.importImage(archive, { repo, tag }));
      return (await docker.getImage(name).inspect()).Id as ImageId;
    },
    stopEngine: dockerd.stop,
    startEngine: dockerd.start,
  };
}

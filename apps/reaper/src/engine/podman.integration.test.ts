import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { busyboxMount } from '@sideband/infra/testkit/busybox';
import { makeImage } from '@sideband/infra/testkit/images';
import { type Podman, startPodman, whyNoPodman } from '@sideband/infra/testkit/podman';
import { type Registry, startRegistry } from '@sideband/infra/testkit/registry';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { tar } from '@sideband/infra/testkit/tar';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { silentLog } from '@sideband/shared/log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerLab } from './docker-lab.suite.ts';
import { createDockerEngine } from './dockerode-engine.ts';
import type { EngineLab } from './engine.suite.ts';
import { describeEngineEvents, type EngineEventsLab } from './engine-events.suite.ts';
import { startFollowing } from './following.suite.ts';
import type { Engine, ImageId, TagName } from './port.ts';

skipBecause(whyNoPodman()).describe('podman', () => {
  let directory: TemporaryDirectory;
  let registry: Registry;
  let podman: Podman;
  let engine: Engine;
  let lab: EngineLab;

  beforeAll(async () => {
    directory = await temporaryDirectory('podman');
    registry = await startRegistry({
      images: [{ reference: 'quay.io/sideband/offered:1', layers: [1] }],
      layers: new Map([[1, 10_000]]),
    });
    podman = await startPodman({
      directory: directory.path,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
    engine = createDockerEngine({ socket: `unix://${podman.socketPath}`, log: silentLog() });
    lab = podmanLab(podman, engine);
  });
  afterAll(async () => {
    await podman?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  describeEngineEvents('telling what happens', async () => ({ ...lab, ...podmanEvents(podman) }), [
    'importImage',
  ]);

  describe('in its own ways', () => {
    const layers = [{ seed: 'own-ways', bytes: 20_000 }];
    const namesOf = async (id: ImageId) =>
      (await engine.names(id)) ?? expect.unreachable('the image is gone');

    test.each(['created', 'running', 'exited'] as const)(
      'a %s container is listed with its image, which is refused by id and by its only tag',
      async (state) => {
        const tag = 'ghcr.io/team/own:1' as TagName;
        const id = await lab.makeImage({ names: [tag], layers });
        const container = await lab.makeContainer(id, state);
        const before = await namesOf(id);
        const listed = (await engine.containers()).find((each) => each.id === container);
        expect(listed).toMatchObject({ image: id, state });

        expect(await engine.remove(id)).toEqual({ kind: 'in-use' });
        expect(await engine.remove(tag)).toEqual({ kind: 'in-use' });

        expect(await namesOf(id)).toEqual(before);
        await lab.removeContainer(container);
        expect(await engine.remove(tag)).toEqual({ kind: 'removed' });
      },
    );

    test('an image that was pulled by digest has that name alone, and goes by id', async () => {
      const { id, digest } = await lab.pullOffered('digest');
      expect(await namesOf(id)).toEqual({ tags: [], digests: [digest] });
      expect(await engine.remove(id)).toEqual({ kind: 'removed' });
      expect(await engine.remove(id)).toEqual({ kind: 'absent' });
    });

    test('an image whose tag moved away has no name, and goes with the one that was built on it', async () => {
      const top = { seed: 'own-top', bytes: 10_000 };
      const old = await lab.makeImage({ names: ['ghcr.io/team/own:1'], layers });
      const now = await lab.makeImage({ names: ['ghcr.io/team/own:1'], layers: [...layers, top] });
      const [a, b] = [old, now].map((id) => engine.images().then((all) => all.find((it) => it.id === id)));
      expect(await a).toMatchObject({ tags: [], digests: [] });
      expect((await b)?.layers[0]?.chain).toBe((await a)?.layers[0]?.chain);
      // To Podman the one is the other's parent, and a parent without a name goes with its last child, asked or not.
      expect((await b)?.parent).toBe(old);
      expect(await engine.remove(now)).toEqual({ kind: 'removed' });
      expect(await engine.find(old)).toBeUndefined();
    });

    test('says which engine it is, and where its images are', async () => {
      const { name, imageRoots } = await engine.describe();
      expect(name).toMatch(/^podman \d+\.\d+/);
      expect(imageRoots).toEqual([podman.dataRoot]);
    });

    test('a local build has a digest too, and counts a few kilobytes more than its layers', async () => {
      const id = await lab.makeImage({ names: ['ghcr.io/team/own:1'], layers });
      const listed = (await engine.images()).find((image) => image.id === id);
      expect(listed?.tags).toEqual(['ghcr.io/team/own:1']);
      expect(listed?.digests).toEqual([expect.stringMatching(/^ghcr\.io\/team\/own@sha256:[0-9a-f]{64}$/)]);
      expect(listed?.layers).toHaveLength(1);
      const bytes = listed?.layers[0]?.bytes ?? 0;
      expect(bytes).toBeGreaterThanOrEqual(20_000);
      expect(bytes).toBeLessThan(28_192);
      expect(await engine.remove(id)).toEqual({ kind: 'removed' });
    });

    test('each name brings its digest and takes it along', async () => {
      const { id, digest } = await lab.pullOffered('tag');
      await engine.tag(id, 'elsewhere.example/kept:1' as TagName);
      expect(await engine.remove('quay.io/sideband/offered:1' as TagName)).toEqual({ kind: 'untagged' });
      const kept = digest.replace('quay.io/sideband/offered', 'elsewhere.example/kept');
      expect(await namesOf(id)).toEqual({ tags: ['elsewhere.example/kept:1'], digests: [kept] });

      await engine.tag(id, 'quay.io/sideband/offered:1' as TagName);

      expect((await namesOf(id)).digests).toEqual([kept, digest]);
      for (const tag of (await namesOf(id)).tags) await engine.remove(tag);
      expect(await engine.find(id)).toBeUndefined();
    });

    test('a digest that is only told of cannot be removed; one that was pulled by is a name like others', async () => {
      const { id, digest } = await lab.pullOffered('tag');
      await engine.tag(id, 'elsewhere.example/kept:1' as TagName);
      const before = await namesOf(id);
      expect(await engine.remove(digest)).toMatchObject({ kind: 'failed' });
      expect(await namesOf(id)).toEqual(before);
      for (const tag of before.tags) await engine.remove(tag);

      await text(await podman.docker.pull(digest));
      await engine.tag(id, 'elsewhere.example/kept:1' as TagName);
      expect(await engine.remove(id)).toEqual({ kind: 'several-names' });
      expect(await engine.remove('elsewhere.example/kept:1' as TagName)).toEqual({ kind: 'untagged' });
      expect(await engine.remove(digest)).toEqual({ kind: 'removed' });
    });

    test('with several names by id is "several names", whatever its containers do, and the last one is kept', async () => {
      const [first, last] = ['ghcr.io/team/own-a:1', 'ghcr.io/team/own-b:1'] as [TagName, TagName];
      const id = await lab.makeImage({ names: [first, last], layers });
      const running = await lab.makeContainer(id, 'running');
      expect(await engine.remove(id)).toEqual({ kind: 'several-names' });
      expect(await engine.remove(first)).toEqual({ kind: 'untagged' });
      expect(await engine.remove(last)).toEqual({ kind: 'in-use' });
      await lab.removeContainer(running);
      expect(await engine.remove(last)).toEqual({ kind: 'removed' });
    });

    test('a parent goes although it has a child, which keeps the layers; its answer says only that a name went', async () => {
      const parent = await lab.makeImage({ names: ['ghcr.io/team/own-parent:1'], layers });
      const child = await lab.makeChild(parent, 'child:1');
      const listed = (await engine.images()).find((image) => image.id === child);
      expect(listed?.parent).toBe(parent);

      expect(await engine.remove(parent)).toEqual({ kind: 'untagged' });

      expect(await engine.find(parent)).toBeUndefined();
      const left = (await engine.images()).find((image) => image.id === child);
      expect(left?.parent).toBeUndefined();
      expect(left?.layers.map((layer) => layer.chain)).toEqual(listed?.layers.map((layer) => layer.chain));
      expect(await engine.remove(child)).toEqual({ kind: 'removed' });
    });

    test('tells of a deletion that it refused as of one that it carried out', async () => {
      const id = await lab.makeImage({ names: ['ghcr.io/team/own:1'], layers });
      const container = await lab.makeContainer(id, 'created');
      const following = await startFollowing(engine);
      expect(await engine.remove(id)).toEqual({ kind: 'in-use' });
      await following.first(`image delete ${id}`);
      expect((await namesOf(id)).tags).toEqual(['ghcr.io/team/own:1']);
      await following.stop();
      await lab.removeContainer(container);
      await engine.remove(id);
    });

    test('tells afterwards of what happened while its service did not run', async () => {
      const id = await lab.makeImage({ names: ['ghcr.io/team/own:1'], layers });
      const early = await startFollowing(engine);
      const container = await lab.makeContainer(id, 'running');
      const { position } = await early.first(`container start ${container}`);
      await early.stop();
      const { State } = await podman.docker.getContainer(container).inspect();
      await podman.endService();
      process.kill(State.Pid, 'SIGKILL');
      await until('the end of the container', async () => !existsSync(`/proc/${State.Pid}`));
      await podman.beginService();

      const late = await startFollowing(engine, position);

      expect(await late.first(`container die ${container}`)).toMatchObject({ kind: 'container' });
      await late.stop();
      await lab.removeContainer(container);
      await engine.remove(id);
    });
  });
});

function podmanLab(podman: Podman, engine: Engine): EngineLab {
  const { docker } = podman;
  return {
    ...dockerLab(podman, engine),
    // A short name would go into `localhost/`.
    makeImage: async (options) => {
      const names = options.names.map((name) => (name.includes('/') ? name : `docker.io/library/${name}`));
      return (await makeImage(docker, { ...options, names })) as ImageId;
    },
    async makeContainer(image, state) {
      const container = await docker.createContainer({
        Image: image,
        Cmd: ['/sideband/busybox', ...(state === 'running' ? ['sleep', '3600'] : ['true'])],
        HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
      });
      if (state !== 'created') await container.start();
      if (state === 'exited') await container.wait();
      return container.id;
    },
  };
}

/** Stays if it finds a file that says so. */
const COMMAND = 'if [ -e /stay ]; then exec /sideband/busybox sleep 3600; fi';

/** Without imports, of which Podman tells nothing but a new name. */
function podmanEvents(podman: Podman): Omit<EngineEventsLab, keyof EngineLab> {
  const { docker } = podman;
  return {
    async createContainer(image, labels) {
      const container = await docker.createContainer({
        Image: image,
        Labels: labels,
        Cmd: ['/sideband/busybox', 'sh', '-c', COMMAND],
        // Without an interval, which Podman would want systemd for.
        Healthcheck: { Test: ['CMD', '/sideband/busybox', 'true'] },
        HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
      });
      return container.id;
    },
    async runContainer(id) {
      await docker.getContainer(id).start();
      await docker.getContainer(id).wait();
    },
    async disturbContainer(id) {
      const container = docker.getContainer(id);
      await container.putArchive(tar({ stay: Buffer.from('') }), { path: '/' });
      await container.start();
      const command = await container.exec({ Cmd: ['/sideband/busybox', 'true'], AttachStdout: true });
      await text(await command.start({}));
      // Of Podman's own API, as its timers would do it.
      await new Promise((done, failed) => {
        const path = `/v4.0.0/libpod/containers/${id}/healthcheck`;
        const call = { path, method: 'GET', statusCodes: { 200: true } };
        docker.modem.dial(call, (error, data) => (error ? failed(error) : done(data)));
      });
    },
    stopEngine: podman.endService,
    startEngine: podman.beginService,
  };
}

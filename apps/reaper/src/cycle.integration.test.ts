import { fillTo } from '@sideband/infra/testkit/filler';
import { makeImage } from '@sideband/infra/testkit/images';
import { pull } from '@sideband/infra/testkit/pull';
import { type Registry, startRegistry } from '@sideband/infra/testkit/registry';
import { type Sandbox, startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hostWith } from './cycle.suite.ts';
import { createStatfsDisk } from './disk/statfs-disk.ts';
import { createDockerEngine } from './engine/dockerode-engine.ts';
import type { Engine, ImageId } from './engine/port.ts';
import { aPolicy, MINUTE } from './plan/snapshot.suite.ts';

const MB = 1_000_000;
const IMAGE_BYTES = 20 * MB;
/** The images have just been made, so the clock is set ahead instead of waiting for the grace times to pass. */
const NOW = Date.now() + 600 * MINUTE;

/** Below 60 MB free a reap begins, at 90 MB it ends, below 10 MB it is an emergency. */
const marks = { start: 60 * MB, stop: 90 * MB, emergency: 10 * MB };
const policy = aPolicy({
  disk: Object.fromEntries(
    Object.entries(marks).map(([mark, bytes]) => [mark, { kind: 'bytes', bytes }]),
  ) as never,
});

skipBecause(whyNoSandbox()).describe('a cycle on a real engine and a disk that really fills', () => {
  let directory: TemporaryDirectory;
  let registry: Registry;
  let sandbox: Sandbox;
  let engine: Engine;
  let filler: Awaited<ReturnType<typeof fillTo>> | undefined;
  let state: TemporaryDirectory;

  beforeAll(async () => {
    directory = await temporaryDirectory('cycle');
    registry = await startRegistry({
      images: [{ reference: 'quay.io/sideband/pinned:1', layers: [1] }],
      layers: new Map([[1, IMAGE_BYTES]]),
    });
    sandbox = await startSandbox({
      directory: directory.path,
      diskBytes: 300 * MB,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
    engine = createDockerEngine({ socket: `unix://${sandbox.socketPath}`, log: silentLog() });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  beforeEach(async () => {
    state = await temporaryDirectory('cycle-state');
  });
  afterEach(async () => {
    await filler?.remove();
    filler = undefined;
    const { docker } = sandbox;
    for (const { Id } of await docker.listContainers({ all: true }))
      await docker.getContainer(Id).remove({ force: true });
    for (const { Id } of await docker.listImages()) await docker.getImage(Id).remove({ force: true });
    await state.remove();
  });

  const hostOn = (it: Engine) =>
    hostWith({
      engine: it,
      disk: createStatfsDisk({ roots: [sandbox.dataRoot] }),
      policy,
      stateDirectory: state.path,
      now: NOW,
    });
  const make = async (name: string, tags: readonly string[] = [`${name}:1`]): Promise<ImageId> =>
    (await makeImage(sandbox.docker, {
      names: tags,
      layers: [{ seed: name, bytes: IMAGE_BYTES }],
    })) as ImageId;
  const fill = async (freeBytes: number): Promise<void> => {
    filler = await fillTo(sandbox.dataRoot, freeBytes);
  };
  const freeBytes = async (): Promise<number> =>
    (await createStatfsDisk({ roots: [sandbox.dataRoot] }).read())[0]?.freeBytes ?? 0;
  const create = (Image: string): Promise<unknown> =>
    sandbox.docker.createContainer({ Image, Cmd: ['/never-started'] });

  test('frees the disk down the order of use, around an image that only a created container has', async () => {
    const host = await hostOn(engine);
    const [oldest, second, third, newest] = [
      await make('a'),
      await make('b'),
      await make('c'),
      await make('d'),
    ];
    for (const [index, image] of [oldest, second, third, newest].entries())
      await host.used(image, 500 - 100 * index);
    await create(oldest);
    await fill(55 * MB);

    const result = await host.run({ kind: 'check' });

    expect(result).toMatchObject({ state: 'healthy', evicted: 2, bytes: 2 * IMAGE_BYTES });
    expect([...(await host.present())].sort()).toEqual([oldest, newest].sort());
    expect(await freeBytes()).toBeGreaterThanOrEqual(marks.stop);
    expect(host.outcomes()).toEqual([
      [second, 'evicted'],
      [third, 'evicted'],
    ]);
  });

  test.each([
    ['one name', ['a:1']],
    ['several names', ['a:1', 'a:2', 'registry.example.com/mirror/a:1']],
  ])(
    'skips and reports an image with %s that gets a container right before its deletion',
    async (_, tags) => {
      const late: Engine = {
        ...engine,
        remove: async (target) => {
          if (target === raced || target === (await engine.names(raced))?.tags.at(-1)) await create(raced);
          return await engine.remove(target);
        },
      };
      const host = await hostOn(late);
      const raced = await make('a', tags);
      const other = await make('b');
      await host.used(raced, 500);
      await host.used(other, 400);
      const before = await engine.names(raced);
      await fill(59 * MB);

      await host.run({ kind: 'check' });

      expect(await engine.names(raced)).toEqual(before);
      expect(host.outcomes().slice(0, 2)).toEqual([
        [raced, 'in-use'],
        [other, 'evicted'],
      ]);
      expect(host.said.journal.at(-1)).toMatchObject({ outcome: 'shortfall' });
    },
  );

  test('evicts images with several names, with none, and pinned by a digest only', async () => {
    const host = await hostOn(engine);
    const several = await make('a', ['a:1', 'a:2', 'registry.example.com/mirror/a:1']);
    const nameless = await make('b', ['moving:1']);
    await make('c', ['moving:1']);
    await pull(sandbox.docker, `quay.io/sideband/pinned@${await pinnedDigest()}`);
    const pinned = (await engine.images()).find(
      (image) => image.tags.length === 0 && image.digests.length > 0,
    );
    expect((await engine.names(nameless))?.tags).toEqual([]);
    for (const image of await host.present()) await host.used(image, 300);
    await fill(12 * MB);

    await host.run({ kind: 'check' });

    const present = await host.present();
    expect(present).toEqual([]);
    expect(host.outcomes().map(([image]) => image)).toEqual(
      expect.arrayContaining([several, nameless, pinned?.id]),
    );
  });

  test('recovers a disk with 0 bytes free although the first image has names that cannot be put back then', async () => {
    const host = await hostOn(engine);
    const first = await make('a', ['a:1', 'a:2', 'a:3']);
    await host.used(first, 500);
    for (const name of ['b', 'c', 'd', 'e', 'f']) await host.used(await make(name), 400);
    await fill(0);

    await host.run({ kind: 'check' });
    await host.run({ kind: 'check' });

    expect(await freeBytes()).toBeGreaterThanOrEqual(marks.stop);
    const names = await engine.names(first);
    expect(names === undefined || names.tags.length === 3).toBe(true);
  });

  test('recovers a disk with 0 bytes free, where the engine’s own deletion fails at first', async () => {
    const host = await hostOn(engine);
    const images = [
      await make('a'),
      await make('b', ['b:1', 'b:2']),
      await make('c'),
      await make('d'),
      await make('e'),
    ];
    for (const [index, image] of images.entries()) await host.used(image, 500 - 50 * index);
    await fill(0);
    expect(await freeBytes()).toBe(0);

    await host.run({ kind: 'check' });

    expect(await freeBytes()).toBeGreaterThanOrEqual(marks.stop);
    expect(host.outcomes().every(([, outcome]) => outcome === 'evicted')).toBe(true);
  });

  async function pinnedDigest(): Promise<string> {
    await pull(sandbox.docker, 'quay.io/sideband/pinned:1');
    const [image] = await sandbox.docker.listImages({ filters: { reference: ['quay.io/sideband/pinned'] } });
    await sandbox.docker.getImage('quay.io/sideband/pinned:1').remove({ force: true });
    return image?.RepoDigests?.[0]?.split('@')[1] ?? '';
  }
});

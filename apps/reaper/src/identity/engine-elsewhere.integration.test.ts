import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeImage } from '@sideband/infra/testkit/images';
import { startPodman, whyNoPodman } from '@sideband/infra/testkit/podman';
import { startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateEngine } from './engine-elsewhere.ts';

let directory: TemporaryDirectory;
let root: string;

beforeEach(async () => {
  directory = await temporaryDirectory('elsewhere');
  root = join(directory.path, 'root');
});
afterEach(async () => await directory.remove());

const hex = (seed: number): string => createHash('sha256').update(String(seed)).digest('hex');
const ids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `sha256:${hex(from + index)}`);

const LAYOUTS = {
  'Docker’s own store': 'image/overlay2/imagedb/content/sha256',
  'the containerd store': 'io.containerd.content.v1.content/blobs/sha256',
  'Podman’s store': 'overlay-images',
  'Podman’s store on vfs': 'vfs-images',
};

/** Records as an engine writes them, one entry an image. */
async function recorded(layout: string, images: readonly string[]): Promise<string> {
  const path = join(root, layout);
  await mkdir(path, { recursive: true });
  for (const image of images) await writeFile(join(path, image.slice('sha256:'.length)), '{}');
  return path;
}

describe.each(Object.entries(LAYOUTS))('%s', (_, layout) => {
  test('with the images’ records is the engine’s, with none of them another’s', async () => {
    await recorded(layout, ids(30));
    expect(await locateEngine(ids(30), [root])).toBe('here');
    expect(await locateEngine(ids(1), [root])).toBe('here');
    expect(await locateEngine(ids(30, 100), [root])).toBe('elsewhere');
    expect(await locateEngine(ids(1, 100), [root])).toBe('elsewhere');
  });

  test('that is empty is not the engine’s that has images', async () => {
    await recorded(layout, []);
    expect(await locateEngine(ids(3), [root])).toBe('elsewhere');
  });

  test('says nothing where there is no image, or none with an id', async () => {
    await recorded(layout, ids(3));
    expect(await locateEngine([], [root])).toBe('unknown');
    expect(await locateEngine(['../../etc/passwd', 'sha256:short'], [root])).toBe('unknown');
  });
});

test('one image that was removed since the list was read is no other engine', async () => {
  const path = await recorded(LAYOUTS['Docker’s own store'], ids(10));
  await rm(join(path, hex(4)));
  expect(await locateEngine(ids(10), [root])).toBe('here');
});

test('another runner host’s engine is elsewhere though most of its images are here as well', async () => {
  await recorded(LAYOUTS['Docker’s own store'], ids(70));
  expect(await locateEngine(ids(70, 30), [root])).toBe('elsewhere');
});

test('Podman’s images in read-only stores of their own are no other engine', async () => {
  await recorded(LAYOUTS['Podman’s store'], ids(2));
  expect(await locateEngine(ids(10), [root])).toBe('here');
});

test('one root of several is enough, and what an earlier storage driver left does not disturb', async () => {
  await recorded('image/aufs/imagedb/content/sha256', ids(5, 100));
  await recorded(LAYOUTS['the containerd store'], ids(5));
  expect(await locateEngine(ids(5), [join(directory.path, 'missing'), root])).toBe('here');
});

test('a directory without records, such as the disk alone, says nothing', async () => {
  await mkdir(join(root, 'image'), { recursive: true });
  expect(await locateEngine(ids(5), [root])).toBe('unknown');
  expect(await locateEngine(ids(5), [join(root, 'missing')])).toBe('unknown');
  expect(await locateEngine(ids(5), [])).toBe('unknown');
});

skipBecause(whyNoSandbox()).test(
  'a real Docker is here, and another one’s images are elsewhere',
  async () => {
    const sandbox = await startSandbox({ directory: join(directory.path, 'docker'), diskBytes: 100_000_000 });
    try {
      for (const seed of ['a', 'b', 'c']) {
        await makeImage(sandbox.docker, { names: [`local/${seed}:1`], layers: [{ seed, bytes: 1_000 }] });
      }
      const images = (await sandbox.docker.listImages()).map(({ Id }) => Id);
      expect(images).toHaveLength(3);
      expect(await locateEngine(images, [sandbox.dataRoot])).toBe('here');
      expect(await locateEngine(ids(3), [sandbox.dataRoot])).toBe('elsewhere');
    } finally {
      await sandbox.stop();
    }
  },
);

skipBecause(whyNoPodman()).test('a real Podman is here, and another one’s images are elsewhere', async () => {
  const podman = await startPodman({ directory: directory.path });
  try {
    for (const seed of ['a', 'b']) {
      await makeImage(podman.docker, { names: [`local/${seed}:1`], layers: [{ seed, bytes: 1_000 }] });
    }
    const images = (await podman.docker.listImages()).map(({ Id }) => Id);
    expect(images).toHaveLength(2);
    expect(await locateEngine(images, [podman.dataRoot])).toBe('here');
    expect(await locateEngine(ids(2), [podman.dataRoot])).toBe('elsewhere');
  } finally {
    await podman.stop();
  }
});

import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { busyboxMount } from './busybox.ts';
import { fillTo } from './filler.ts';
import { makeImage } from './images.ts';
import { mountsBelow } from './mounts.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from './sandbox.ts';
import { skipBecause } from './skip.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const DISK_BYTES = 200_000_000;

skipBecause(whyNoSandbox()).describe('a sandbox', () => {
  let temporary: TemporaryDirectory;
  let sandbox: Sandbox;

  beforeAll(async () => {
    temporary = await temporaryDirectory('sandbox');
    sandbox = await startSandbox({ directory: temporary.path, diskBytes: DISK_BYTES });
  });
  afterAll(async () => {
    await sandbox.stop();
    expect(await mountsBelow(temporary.path)).toEqual([]);
    await temporary.remove();
  });

  async function freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(sandbox.dataRoot);
    return bavail * bsize;
  }

  test('is an engine of its own on a disk of its own', async () => {
    expect((await sandbox.docker.info()).DockerRootDir).toBe(sandbox.dataRoot);
    const { blocks, bsize } = await statfs(sandbox.dataRoot);
    expect(blocks * bsize).toBeGreaterThan(DISK_BYTES * 0.94);
    expect(blocks * bsize).toBeLessThan(DISK_BYTES);
    expect(await sandbox.docker.listImages()).toEqual([]);
  });

  test('holds images of exactly the bytes asked for, under all their names, and stores a shared layer once', async () => {
    const base = { seed: 'base', bytes: 20_000_000 };
    const before = await freeBytes();
    const id = await makeImage(sandbox.docker, {
      names: ['registry.example.com/team/app:1', 'ruby:3.3'],
      layers: [base, { seed: 'one', bytes: 1_234_567 }],
      labels: { kind: 'test' },
    });
    await makeImage(sandbox.docker, { names: ['other:1'], layers: [base, { seed: 'two', bytes: 1 }] });

    const listed = await sandbox.docker.listImages();
    const image = listed.find((it) => it.Id === id);
    expect(image?.Size).toBe(21_234_567);
    expect(image?.RepoTags?.sort()).toEqual(['registry.example.com/team/app:1', 'ruby:3.3']);
    expect(image?.Labels).toEqual({ kind: 'test' });
    expect(listed).toHaveLength(2);
    const history: { Size: number }[] = await sandbox.docker.getImage(id).history();
    expect(history.map((step) => step.Size)).toEqual([1_234_567, 20_000_000]);
    const used = before - (await freeBytes());
    expect(used).toBeGreaterThan(21_234_568);
    expect(used).toBeLessThan(21_234_568 + 4_000_000);
  });

  test('runs a container', async () => {
    await makeImage(sandbox.docker, { names: ['job:1'], layers: [{ seed: 'job', bytes: 10 }] });
    const container = await sandbox.docker.createContainer({
      Image: 'job:1',
      HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
    });
    await container.start();
    expect((await container.inspect()).State.Running).toBe(true);
    await container.remove({ force: true });
  });

  test('fills up for real, and gives the room back', async () => {
    const some = await fillTo(sandbox.dataRoot, 10_000_000);
    expect(Math.abs((await freeBytes()) - 10_000_000)).toBeLessThan(100_000);
    await some.remove();

    const all = await fillTo(sandbox.dataRoot, 0);
    expect(await freeBytes()).toBe(0);
    const loading = makeImage(sandbox.docker, { names: ['late:1'], layers: [{ seed: 'late', bytes: 1e6 }] });
    await expect(loading).rejects.toThrow(/no space left on device/i);
    await all.remove();
    expect(await freeBytes()).toBeGreaterThan(all.bytes * 0.9);
  });
});

skipBecause(whyNoSandbox()).describe('starting a sandbox', () => {
  test('works in a directory whose path is too long for a socket, and stops twice', async () => {
    const temporary = await temporaryDirectory('sandbox');
    const directory = join(temporary.path, 'd'.repeat(100));
    await mkdir(directory);
    const sandbox = await startSandbox({ directory, diskBytes: 50_000_000 });
    expect((await sandbox.docker.version()).ApiVersion).toBeDefined();
    await sandbox.stop();
    await sandbox.stop();
    expect(existsSync(sandbox.socketPath)).toBe(false);
    await temporary.remove();
  });

  test('shows the end of the log when the engine does not start, and leaves nothing behind', async () => {
    const temporary = await temporaryDirectory('sandbox');
    const starting = startSandbox({
      directory: temporary.path,
      diskBytes: 50_000_000,
      proxyUrl: 'not-a-url',
    });
    await expect(starting).rejects.toThrow(/dockerd stopped at once[\s\S]*not-a-url/);
    expect(await mountsBelow(temporary.path)).toEqual([]);
    await temporary.remove();
  });
});

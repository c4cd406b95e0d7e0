import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { busyboxMount } from './busybox.ts';
import { makeImage } from './images.ts';
import { leftIn, NOTHING_LEFT } from './left-in.ts';
import { type Podman, startPodman, whyNoPodman } from './podman.ts';
import { pull } from './pull.ts';
import { type Registry, startRegistry } from './registry.ts';
import { skipBecause } from './skip.ts';
import { openLedger, sweep } from './sweep.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

skipBecause(whyNoPodman()).describe('a Podman of our own', () => {
  let temporary: TemporaryDirectory;
  let registry: Registry;
  let podman: Podman;

  beforeAll(async () => {
    temporary = await temporaryDirectory('podman');
    registry = await startRegistry({
      images: [
        { reference: 'quay.io/sideband/offered:1', layers: [1] },
        { reference: 'docker.io/library/ruby:3.3', layers: [1, 2] },
      ],
      layers: new Map([
        [1, 10_000],
        [2, 20_000],
      ]),
    });
    podman = await startPodman({
      directory: temporary.path,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });
  afterAll(async () => {
    await podman?.stop();
    await registry?.stop();
    await temporary?.remove();
  });

  test('has its storage to itself', async () => {
    expect((await podman.docker.info()).DockerRootDir).toBe(podman.dataRoot);
    expect(await podman.docker.listImages()).toEqual([]);
  });

  test('runs a container, whose mounts nobody else sees, and keeps it over a restart of the service', async () => {
    const image = await makeImage(podman.docker, { names: ['job:1'], layers: [{ seed: 'job', bytes: 10 }] });
    const container = await podman.docker.createContainer({
      Image: image,
      HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
    });
    await container.start();
    expect((await container.inspect()).State.Running).toBe(true);
    // The service, conmon and the container itself.
    expect(await leftIn(temporary.path)).toEqual({ processes: 3, mounts: 0, loops: 0 });

    await podman.endService();
    await expect(podman.docker.ping()).rejects.toThrow();
    await podman.beginService();

    expect((await container.inspect()).State.Running).toBe(true);
    await container.remove({ force: true });
    // Its conmon cleans up behind it.
    await until('the service to be alone', async () => (await leftIn(temporary.path)).processes === 1);
    await podman.docker.getImage(image).remove();
  });

  test('pulls from the registry what it plays, docker.io included, and nothing else', async () => {
    await pull(podman.docker, 'quay.io/sideband/offered:1');
    await pull(podman.docker, 'ruby:3.3');
    expect(registry.bytesServed()).toBe(30_000);
    const names = (await podman.docker.listImages()).flatMap((image) => image.RepoTags ?? []);
    expect(names.sort()).toEqual(['docker.io/library/ruby:3.3', 'quay.io/sideband/offered:1']);
    // Podman answers 200 and says it at the end.
    const other = await podman.docker.pull('quay.io/sideband/other:1');
    expect(await text(other)).toContain('manifest unknown');
  });
});

skipBecause(whyNoPodman()).describe('a Podman that is stopped', () => {
  test('leaves nothing running and nothing on the disk, and can be stopped again', async () => {
    const temporary = await temporaryDirectory('podman');
    // Not all that Podman keeps may have a long path.
    const podman = await startPodman({ directory: `${temporary.path}/${'d'.repeat(50)}` });
    await makeImage(podman.docker, { names: ['job:1'], layers: [{ seed: 'job', bytes: 10 }] });
    const container = await podman.docker.createContainer({
      Image: 'localhost/job:1',
      HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
    });
    await container.start();
    await podman.stop();
    await podman.stop();
    expect(await leftIn(temporary.path)).toEqual(NOTHING_LEFT);
    expect(existsSync(`${temporary.path}/podman`)).toBe(false);
    await temporary.remove();
  });

  test('shows the end of the log when it does not start, and leaves nothing behind', async () => {
    const temporary = await temporaryDirectory('podman');
    const ledger = await openLedger(temporary.path);
    await mkdir(`${temporary.path}/podman/podman.sock`, { recursive: true });
    const starting = startPodman({ directory: temporary.path, ledger });
    await expect(starting).rejects.toThrow(/podman stopped at once[\s\S]*is a directory/);
    expect(await leftIn(temporary.path)).toEqual(NOTHING_LEFT);
    expect(existsSync(`${temporary.path}/podman`)).toBe(false);
    await temporary.remove();
  });

  test.each([
    ['with a path too long', `/tmp/${'d'.repeat(100)}`, /88 bytes/],
    ['below /run', '/run/podman-of-ours', /directories of its own/],
    ['below /var/lib', '/var/lib/podman-of-ours', /directories of its own/],
  ])('refuses a directory %s, having made nothing', async (_, directory, why) => {
    await expect(startPodman({ directory })).rejects.toThrow(why);
    expect(existsSync(directory)).toBe(false);
  });
});

/** A run in little, which says when all is there, then waits to be killed. */
const RUN = `
import { busyboxMount } from './busybox.ts';
import { makeImage } from './images.ts';
import { startPodman } from './podman.ts';
const [directory] = process.argv.slice(1);
const { docker } = await startPodman({ directory });
const image = await makeImage(docker, { names: ['job:1'], layers: [{ seed: 'job', bytes: 10 }] });
const container = await docker.createContainer({
  Image: image,
  HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
});
await container.start();
console.log('all there');
setInterval(() => {}, 1000);
`;

skipBecause(whyNoPodman()).test('after kill -9, a sweep undoes all', async () => {
  const temporary = await temporaryDirectory('podman');
  const run = startRun(temporary.path);
  await untilSaid(run, 'all there');
  run.kill('SIGKILL');
  await once(run, 'exit');
  expect(await leftIn(temporary.path)).toMatchObject({ processes: 3 });

  expect(await sweep(temporary.path)).toMatchObject({ processes: 3, paths: 1 });

  expect(await leftIn(temporary.path)).toEqual(NOTHING_LEFT);
  expect(existsSync(`${temporary.path}/podman`)).toBe(false);
  await temporary.remove();
});

function startRun(directory: string): ChildProcess {
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', RUN, directory];
  return spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function untilSaid(run: ChildProcess, words: string): Promise<void> {
  if (run.stdout === null) throw new Error('The run has no output');
  for await (const line of createInterface(run.stdout)) if (line === words) return;
  throw new Error(`The run ended before it said "${words}"`);
}

import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fillTo } from '@sideband/infra/testkit/filler';
import { makeImage } from '@sideband/infra/testkit/images';
import { type Registry, startRegistry } from '@sideband/infra/testkit/registry';
import { type Sandbox, startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerLab } from './docker-lab.suite.ts';
import { dockerdProcess } from './dockerd-process.suite.ts';
import { createDockerEngine } from './dockerode-engine.ts';
import { describeEngine } from './engine.suite.ts';
import type { Engine, ImageId, TagName } from './port.ts';

const noSandbox = whyNoSandbox();
const MEGABYTE = 1_000_000;

skipBecause(noSandbox).describe('dockerd', () => {
  let directory: TemporaryDirectory;
  let registry: Registry;
  let sandbox: Sandbox;
  let engine: Engine;

  beforeAll(async () => {
    directory = await temporaryDirectory('engine');
    registry = await startRegistry({
      images: [{ reference: 'quay.io/sideband/offered:1', layers: [1] }],
      layers: new Map([[1, 10_000]]),
    });
    sandbox = await startSandbox({
      directory: directory.path,
      diskBytes: 300 * MEGABYTE,
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

  describeEngine('as an engine', async () => dockerLab(sandbox, engine));

  test('its chains and sizes are those under which dockerd keeps the layers', async () => {
    const layers = [
      { seed: 'db-1', bytes: 40_000 },
      { seed: 'db-2', bytes: 30_000 },
      { seed: 'db-3', bytes: 20_000 },
    ];
    const id = (await makeImage(sandbox.docker, { names: ['layerdb:1'], layers })) as ImageId;
    const database = join(sandbox.dataRoot, 'image', 'overlay2', 'layerdb', 'sha256');

    const found = (await engine.images()).find((image) => image.id === id);

    expect(found?.layers).toHaveLength(3);
    for (const { chain, bytes } of found?.layers ?? []) {
      const size = await readFile(join(database, chain.slice('sha256:'.length), 'size'), 'utf8');
      expect(Number(size)).toBe(bytes);
    }
    expect(await engine.remove(id)).toEqual({ kind: 'removed' });
    expect(await readdir(database)).toEqual([]);
  });

  test('an image that comes again under its old id has arrived anew', async () => {
    const recipe = { names: ['again:1'], layers: [{ seed: 'again', bytes: 1_000 }] };
    const arrival = async () =>
      (await engine.images()).find((image) => image.tags[0]?.includes('again'))?.arrivedAt;
    const id = (await makeImage(sandbox.docker, recipe)) as ImageId;
    const first = await arrival();
    // Not through this engine: somebody else removes it, and it is pulled again.
    await sandbox.docker.getImage(id).remove();
    await makeImage(sandbox.docker, recipe);
    expect(await arrival()).toBeGreaterThan(first ?? Number.MAX_VALUE);
    await engine.remove(id);
  });

  test('where the data root cannot be seen, an image that was pulled ranks by when it was built', async () => {
    const log = silentLog();
    const socket = `unix://${sandbox.socketPath}` as const;
    const blind = createDockerEngine({ socket, log, dataRootView: '/nonexistent' });
    const id = (await makeImage(sandbox.docker, {
      names: ['unseen:1'],
      layers: [{ seed: 'unseen', bytes: 1_000 }],
    })) as ImageId;
    const found = (await blind.images()).find((image) => image.id === id);
    expect(found).toMatchObject({ arrivalSource: 'created', arrivedAt: Date.parse('2023-01-01T00:00:00Z') });
    await engine.remove(id);
  });

  test('says which engine it is, and where its images are', async () => {
    const { version, apiVersion } = await sandbox.docker.version().then((it) => ({
      version: it.Version,
      apiVersion: it.ApiVersion,
    }));
    expect(await engine.describe()).toEqual({
      name: `docker ${version}`,
      apiVersion,
      imageRoots: [sandbox.dataRoot],
    });
  });

  test('on a disk with 0 bytes free a deletion fails aloud, and one by id succeeds after it', async () => {
    const make = async (name: string): Promise<ImageId> =>
      (await makeImage(sandbox.docker, {
        names: [name],
        layers: [{ seed: name, bytes: 20 * MEGABYTE }],
      })) as ImageId;
    const [byId, byTag] = [await make('full-a:1'), await make('full-b:1')];
    const filler = await fillTo(sandbox.dataRoot, 0);
    try {
      const first = await engine.remove('docker.io/library/full-b:1' as TagName);
      expect(first).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('no space left on device'),
      });
      // It says that it failed, and has forgotten the name all the same.
      expect(await engine.names(byTag)).toEqual({ tags: [], digests: [] });
      for (const id of [byId, byTag]) {
        const outcomes = [await engine.remove(id), await engine.remove(id)].map((outcome) => outcome.kind);
        expect([
          ['failed', 'removed'],
          ['removed', 'absent'],
        ]).toContainEqual(outcomes);
      }
      const left = (await engine.images()).map((image) => image.id);
      expect(left).not.toContain(byId);
      expect(left).not.toContain(byTag);
    } finally {
      await filler.remove();
    }
  });

  test('an engine that stops is unavailable, and is used again when it is back', async () => {
    expect(await engine.images()).toEqual([]);
    const id = (await makeImage(sandbox.docker, {
      names: ['restart:1'],
      layers: [{ seed: 'restart', bytes: 1_000 }],
    })) as ImageId;
    const dockerd = await dockerdProcess(sandbox);
    await dockerd.stop();

    for (const call of [engine.images, engine.containers, engine.describe, () => engine.remove(id)]) {
      await expect(call()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    }

    try {
      await dockerd.start();
      expect((await engine.images()).map((image) => image.id)).toEqual([id]);
      expect(await engine.remove(id)).toEqual({ kind: 'removed' });
    } finally {
      await dockerd.close();
    }
  });
});

describe('an engine that is slow or says little', () => {
  let directory: TemporaryDirectory;
  let server: Server;
  let engine: Engine;

  beforeAll(async () => {
    directory = await temporaryDirectory('slow-engine');
    server = createServer((request, response) => {
      response.setHeader('Api-Version', '1.41');
      if (request.url === '/_ping') response.end('OK');
      if (request.url?.includes('/containers/json')) response.end(JSON.stringify(OFTEN_INCOMPLETE));
    });
    const socketPath = join(directory.path, 'engine.sock');
    server.listen(socketPath);
    await once(server, 'listening');
    engine = createDockerEngine({ socket: `unix://${socketPath}`, log: silentLog(), removeTimeoutMs: 100 });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await directory.remove();
  });

  test('a deletion without an answer has failed, and may still be going on', async () => {
    const outcome = await engine.remove(`sha256:${'a'.repeat(64)}` as ImageId);
    const message = 'no answer within 0.1 s; the engine may still be deleting it';
    expect(outcome).toEqual({ kind: 'failed', message });
  });

  test('a container’s image is taken from wherever its id is; one without is left out', async () => {
    expect(await engine.containers()).toEqual([
      { id: 'one', image: `sha256:${'a'.repeat(64)}`, createdAt: 5_000, state: 'exited', labels: {} },
      { id: 'two', image: `sha256:${'b'.repeat(64)}`, createdAt: 0, state: '', labels: { a: 'b' } },
    ]);
  });
});

const OFTEN_INCOMPLETE = [
  { Id: 'one', ImageID: 'a'.repeat(64), Image: 'ruby:3.3', State: 'exited', Created: 5, Labels: null },
  { Id: 'two', ImageID: '', Image: `sha256:${'b'.repeat(64)}`, Labels: { a: 'b' } },
  { Id: 'three', ImageID: '', Image: 'ruby:3.3', State: 'removing', Labels: {} },
];

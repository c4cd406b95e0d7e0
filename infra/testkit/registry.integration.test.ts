import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pull } from './pull.ts';
import { type Registry, startRegistry } from './registry.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from './sandbox.ts';
import { skipBecause } from './skip.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const MESA = 'registry.freedesktop.org/mesa/x:1';
const MESA_NEXT = 'registry.freedesktop.org/mesa/x:2';
const CATALOGUE = {
  images: [
    { reference: MESA, layers: [1, 2] },
    { reference: MESA_NEXT, layers: [1, 3] },
    { reference: 'alpine:latest', layers: [4] },
    { reference: 'quay.io/team/tool:v1', layers: [4] },
  ],
  layers: new Map([
    [1, 20_000_000],
    [2, 1],
    [3, 3_000_001],
    [4, 80_000],
  ]),
};

describe('a registry over HTTP', () => {
  test('has what it has, and nothing else', async () => {
    const registry = await startRegistry(CATALOGUE);
    const get = (path: string, init?: RequestInit): Promise<Response> => fetch(registry.url + path, init);
    expect((await get('/v2/')).status).toBe(200);
    const manifest = await get('/v2/library/alpine/manifests/latest');
    const digest = manifest.headers.get('docker-content-digest') ?? '';
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const content = (await manifest.json()) as { layers: { digest: string; size: number }[] };
    const same = await get(`/v2/library/alpine/manifests/${digest}`, { method: 'HEAD' });
    expect(same.headers.get('docker-content-digest')).toBe(digest);
    const head = await get(`/v2/library/alpine/blobs/${content.layers[0]?.digest}`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(content.layers[0]?.size));
    expect((await get('/v2/library/alpine/manifests/3.18')).status).toBe(404);
    expect((await get(`/v2/library/alpine/blobs/sha256:${'0'.repeat(64)}`)).status).toBe(404);
    expect((await get('/v2/library/alpine/manifests/latest', { method: 'PUT' })).status).toBe(405);
    expect(registry.served().layerBytes).toBe(0);
    await registry.stop();
  });

  test('refuses a catalogue that does not add up', async () => {
    const images = [{ reference: 'alpine:latest', layers: [9] }];
    await expect(startRegistry({ images, layers: new Map() })).rejects.toThrow(/alpine:latest has a layer 9/);
  });
});

skipBecause(whyNoSandbox()).describe('pulling through a registry', () => {
  let temporary: TemporaryDirectory;
  let registry: Registry;
  let sandbox: Sandbox;

  beforeAll(async () => {
    temporary = await temporaryDirectory('registry');
    registry = await startRegistry(CATALOGUE, { cacheDirectory: join(temporary.path, 'cache') });
    sandbox = await startSandbox({
      directory: join(temporary.path, 'engine'),
      diskBytes: 200_000_000,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await registry?.stop();
    await temporary.remove();
  });

  test('images come under their real names, and each layer comes once', async () => {
    await pull(sandbox.docker, MESA);
    expect(registry.served().layerBytes).toBe(20_000_001);
    await pull(sandbox.docker, MESA_NEXT);
    await pull(sandbox.docker, 'alpine:latest');
    await pull(sandbox.docker, 'quay.io/team/tool:v1');

    const images = await sandbox.docker.listImages();
    const bytes = Object.fromEntries(images.map((image) => [image.RepoTags?.[0], image.Size]));
    expect(bytes).toEqual({
      [MESA]: 20_000_001,
      [MESA_NEXT]: 23_000_001,
      'alpine:latest': 80_000,
      'quay.io/team/tool:v1': 80_000,
    });
    const { imagePulls, layerPulls, layerBytes } = registry.served();
    expect([...imagePulls]).toEqual(
      [MESA, MESA_NEXT, 'alpine:latest', 'quay.io/team/tool:v1'].map((it) => [it, 1]),
    );
    expect(new Map(layerPulls)).toEqual(new Map([1, 2, 3, 4].map((layer) => [layer, 1])));
    expect(layerBytes).toBe(23_080_002);
    expect(registry.bytesServed()).toBe(layerBytes);
  });

  test('an image that was deleted is pulled again, its missing layers alone', async () => {
    const before = registry.served().layerBytes;
    await sandbox.docker.getImage(MESA_NEXT).remove();
    await pull(sandbox.docker, MESA_NEXT);
    expect(registry.served().layerBytes - before).toBe(3_000_001);
    await pull(sandbox.docker, MESA_NEXT);
    expect(registry.served().layerBytes - before).toBe(3_000_001);
  });

  test('what no catalogue names cannot be had, from nowhere', async () => {
    await expect(pull(sandbox.docker, 'registry.freedesktop.org/mesa/x:3')).rejects.toThrow(/unknown/i);
    await expect(pull(sandbox.docker, 'busybox:latest')).rejects.toThrow(/Method Not Allowed/);
  });
});

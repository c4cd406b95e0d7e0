import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordTimes } from './arrival.ts';
import type { ImageId } from './port.ts';

const HEX = 'a'.repeat(64);
let root: TemporaryDirectory;

beforeAll(async () => {
  root = await temporaryDirectory('arrival');
});
afterAll(async () => await root.remove());

test.each([
  ['Docker’s file', 'overlay2', join('image', 'overlay2', 'imagedb', 'content', 'sha256', HEX)],
  ['Podman’s directory', 'overlay', join('overlay-images', HEX, 'manifest')],
])('%s of an image says when it came', async (_, Driver, file) => {
  await mkdir(dirname(join(root.path, file)), { recursive: true });
  await writeFile(join(root.path, file), '{}');
  const record = file.endsWith(HEX) ? file : dirname(file);
  await utimes(join(root.path, record), 1_700_000_000, 1_700_000_000);
  const read = recordTimes({ DockerRootDir: '/elsewhere', Driver }, root.path);
  expect(await read(`sha256:${HEX}` as ImageId)).toBe(1_700_000_000_000);
  expect(await read(`sha256:${'b'.repeat(64)}` as ImageId)).toBeUndefined();
});

test('a driver that is no name of a directory is not looked for', async () => {
  const read = recordTimes({ DockerRootDir: root.path, Driver: '../overlay' }, undefined);
  expect(await read(`sha256:${HEX}` as ImageId)).toBeUndefined();
});

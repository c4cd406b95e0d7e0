import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintEngine } from './engine-fingerprint.ts';

const run = promisify(execFile);
const noMounts = process.getuid?.() === 0 ? undefined : 'a bind mount needs root';
const ROOT = '/var/lib/docker';

let directory: TemporaryDirectory;
let view: string;

beforeEach(async () => {
  directory = await temporaryDirectory('fingerprint');
  view = join(directory.path, 'docker');
  await mkdir(view);
});
afterEach(async () => await directory.remove());

test('is the same each time, and another for another root, another directory and another boot', async () => {
  const other = join(directory.path, 'other');
  await mkdir(other);
  const prints = [
    await fingerprintEngine(ROOT, view),
    await fingerprintEngine('/data/docker', view),
    await fingerprintEngine(ROOT, other),
    // As in a clone of the machine, down to the inodes.
    await fingerprintEngine(ROOT, view, async () => 'another-boot'),
  ];
  for (const print of prints) expect(print).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(prints).size).toBe(4);
  expect(await fingerprintEngine(ROOT, view)).toBe(prints[0]);
});

test('is not known where the root or the boot cannot be seen', async () => {
  expect(await fingerprintEngine(ROOT, join(directory.path, 'missing'))).toBe('');
  expect(await fingerprintEngine(ROOT, view, async () => '')).toBe('');
});

skipBecause(noMounts).test('is the same through a bind mount, as a container sees the root', async () => {
  const inContainer = join(directory.path, 'mounted');
  await mkdir(inContainer);
  await run('mount', ['--bind', view, inContainer]);
  try {
    expect(await fingerprintEngine(ROOT, inContainer)).toBe(await fingerprintEngine(ROOT, view));
  } finally {
    await run('umount', [inContainer]);
  }
});

import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAtomically } from './write-atomically.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('write');
});
afterEach(() => directory.remove());

test('the new content takes the place of the old, and nobody else may read it', async () => {
  const path = join(directory.path, 'file');
  await writeAtomically(path, 'old');
  await writeAtomically(path, 'new');
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory.path)).toEqual(['file']);
});

test('what fails says so, and leaves nothing half done', async () => {
  const taken = join(directory.path, 'taken');
  await mkdir(taken);
  await expect(writeAtomically(taken, 'text')).rejects.toThrow('EISDIR');
  await expect(writeAtomically(join(directory.path, 'missing', 'file'), 'text')).rejects.toThrow('ENOENT');
  expect(await readdir(directory.path)).toEqual(['taken']);
});

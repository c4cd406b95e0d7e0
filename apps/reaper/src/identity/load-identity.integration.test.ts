import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadIdentity } from './load-identity.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('identity');
});
afterEach(async () => await directory.remove());

test('the first start makes the identity and its directory, later ones keep it', async () => {
  const state = join(directory.path, 'state');
  const first = await loadIdentity(state);
  expect(first.uuid).toMatch(/^[0-9a-f-]{36}$/);
  expect(await loadIdentity(state)).toEqual(first);
  expect(await readdir(state)).toEqual(['host-uuid']);
});

test('two first starts at once agree', async () => {
  const uuids = await Promise.all(Array.from({ length: 20 }, () => loadIdentity(directory.path)));
  expect(new Set(uuids.map((identity) => identity.uuid)).size).toBe(1);
  expect(await readdir(directory.path)).toEqual(['host-uuid']);
});

test.each(['', 'not a uuid', '0123456789'])(
  'a file that holds %j is refused and left as it is',
  async (content) => {
    const path = join(directory.path, 'host-uuid');
    await writeFile(path, content);
    await expect(loadIdentity(directory.path)).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      details: { path, reason: expect.stringContaining('it should hold a UUID') },
    });
    expect(await readFile(path, 'utf8')).toBe(content);
  },
);

describe('a directory that cannot be used', () => {
  test('because it is a file', async () => {
    const path = join(directory.path, 'file');
    await writeFile(path, '');
    await expect(loadIdentity(path)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
  });

  test('because the place for it is not there', async () => {
    await expect(loadIdentity(join(directory.path, 'missing', 'state'))).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
    });
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('because it may not be written', async () => {
    await expect(loadIdentity('/proc/sideband')).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      details: { path: '/proc/sideband/host-uuid' },
    });
  });
});

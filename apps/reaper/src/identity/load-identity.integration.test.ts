import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import type { HostName } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadIdentity } from './load-identity.ts';

const CHOSEN = 'chosen' as HostName;

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('identity');
});
afterEach(async () => await directory.remove());

const load = (configured?: HostName, machine = 'machine') =>
  loadIdentity(directory.path, configured, machine);

test('the first start makes the identity and its directory, later ones keep it', async () => {
  const state = join(directory.path, 'state');
  const first = await loadIdentity(state, undefined, 'Runner-7');
  expect(first).toEqual({
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    host: 'runner-7',
    isNew: true,
    renamedFrom: undefined,
    machineName: 'runner-7',
    hostnameChanged: false,
  });
  expect(await loadIdentity(state, undefined, 'Runner-7')).toEqual({ ...first, isNew: false });
  expect(await readdir(state)).toEqual(['host-name', 'host-uuid']);
});

test('first starts at once agree, and one of them is told that the host is new', async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) => load(undefined, `machine-${index}`)),
  );
  expect(new Set(all.map(({ uuid }) => uuid)).size).toBe(1);
  expect(new Set(all.map(({ host }) => host)).size).toBe(1);
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await readdir(directory.path)).toEqual(['host-name', 'host-uuid']);
});

test('a state directory from before names were remembered is no new host', async () => {
  const uuid = '0a1b2c3d-0000-4000-8000-000000000001';
  await writeFile(join(directory.path, 'host-uuid'), `${uuid}\n`);
  expect(await load()).toMatchObject({ uuid, host: 'machine', isNew: false, renamedFrom: undefined });
});

test('a machine made anew without its state directory is another host under the old name', async () => {
  const before = await load();
  const again = await loadIdentity(join(directory.path, 'new-disk'), undefined, 'machine');
  expect(again).toMatchObject({ host: before.host, isNew: true });
  expect(again.uuid).not.toBe(before.uuid);
});

describe('the name', () => {
  test('stays when the machine is called otherwise, and that is said', async () => {
    const { uuid } = await load();
    expect(await load(undefined, 'Other')).toEqual({
      uuid,
      host: 'machine',
      isNew: false,
      renamedFrom: undefined,
      machineName: 'other',
      hostnameChanged: true,
    });
    expect(await load()).toMatchObject({ host: 'machine', hostnameChanged: false });
  });

  test('stays also where the machine’s new name could not be used', async () => {
    await load();
    expect(await load(undefined, 'not_a_host_name')).toMatchObject({
      host: 'machine',
      hostnameChanged: true,
    });
  });

  test('is changed by the operator alone, said once and remembered', async () => {
    const { uuid } = await load();
    expect(await load(CHOSEN)).toMatchObject({ uuid, host: 'chosen', renamedFrom: 'machine' });
    expect(await load(CHOSEN)).toMatchObject({ uuid, host: 'chosen', renamedFrom: undefined });
    expect(await load(CHOSEN, 'other')).toMatchObject({ host: 'chosen', hostnameChanged: false });
    expect(await load()).toMatchObject({ host: 'chosen', renamedFrom: undefined });
    expect(await readFile(join(directory.path, 'host-name'), 'utf8')).toBe('chosen\n');
    expect(await readdir(directory.path)).toEqual(['host-name', 'host-uuid']);
  });

  test('that cannot be had leaves nothing begun', async () => {
    await expect(load(undefined, 'not_a_host_name')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readdir(directory.path)).toEqual([]);
  });
});

describe.each([
  ['host-uuid', 'a UUID', ['', 'not a uuid', '0123456789']],
  ['host-name', 'a host name', ['', 'two words', 'UPPER', 'a'.repeat(64), '../x']],
])('a damaged %s', (file, expected, contents) => {
  test.each(contents)('that holds %j is refused and left as it is', async (content) => {
    const path = join(directory.path, file);
    await writeFile(path, content);
    for (const configured of [undefined, CHOSEN]) {
      await expect(load(configured)).rejects.toMatchObject({
        code: 'STATE_UNUSABLE',
        details: { path, reason: expect.stringContaining(`it should hold ${expected}`) },
      });
    }
    expect(await readFile(path, 'utf8')).toBe(content);
  });
});

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
    await expect(loadIdentity('/proc/sideband', CHOSEN)).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      details: { path: '/proc/sideband/host-name' },
    });
  });
});

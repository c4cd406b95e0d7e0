import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import type { SystemId } from '@sideband/shared/names';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSystemIds } from './system-ids.ts';

const CONFIGURED = 'r_aaaaaaaaaaaa' as SystemId;
const WRITTEN = 's_0123456789ab';
const SEEN = ['s_bbbbbbbbbbbb', 's_cccccccccccc'] as SystemId[];

let directory: TemporaryDirectory;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory('system-ids');
  file = join(directory.path, '.runner_system_id');
});
afterEach(async () => await directory.remove());

const read = (configured: readonly SystemId[] = [], seen: readonly SystemId[] = []) =>
  readSystemIds({ configured, file, seen }, silentLog());

test('the runner’s file may come later', async () => {
  expect(await read()).toEqual([]);
  await writeFile(file, WRITTEN);
  expect(await read()).toEqual([WRITTEN]);
});

test('what is configured and what is written are taken together, each once', async () => {
  await writeFile(file, `${WRITTEN}\n`);
  expect(await read([CONFIGURED])).toEqual([CONFIGURED, WRITTEN]);
  expect(await read([WRITTEN as SystemId])).toEqual([WRITTEN]);
});

test('several managers on one host are all its own, whoever told of them', async () => {
  expect(await read([], SEEN)).toEqual(SEEN);
  await writeFile(file, `${WRITTEN}\n`);
  expect(await read([CONFIGURED], SEEN)).toEqual([CONFIGURED, WRITTEN, ...SEEN]);
  expect(await read([...SEEN, CONFIGURED], [WRITTEN as SystemId, ...SEEN])).toEqual([
    ...SEEN,
    CONFIGURED,
    WRITTEN,
  ]);
});

test('a runner registered anew is served at once, and the old one as long as its containers were seen', async () => {
  await writeFile(file, WRITTEN);
  const seen = [WRITTEN as SystemId];
  expect(await read([], seen)).toEqual([WRITTEN]);
  await rm(file);
  expect(await read([], seen)).toEqual([WRITTEN]);
  await writeFile(file, 'r_AnewAnewAnew');
  expect(await read([], seen)).toEqual(['r_AnewAnewAnew', WRITTEN]);
  expect(await read([], [])).toEqual(['r_AnewAnewAnew']);
});

test.each(['', 'token = "glrt-secret"', `${'x'.repeat(300)}secret`])(
  'a file that holds %j is refused, and its content is not shown',
  async (content) => {
    await writeFile(file, content);
    const refusal = await read([CONFIGURED]).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ setting: 'SIDEBAND_SYSTEM_ID_FILE', problem: expect.stringContaining(file) }] },
    });
    expect(JSON.stringify(refusal)).not.toContain('secret');
  },
);

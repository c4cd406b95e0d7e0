import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import type { SystemId } from '@sideband/shared/names';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSystemIds } from './system-ids.ts';

const CONFIGURED = 'r_aaaaaaaaaaaa' as SystemId;
const WRITTEN = 's_0123456789ab';

let directory: TemporaryDirectory;
let file: string;

beforeEach(async () => {
  directory = await temporaryDirectory('system-ids');
  file = join(directory.path, '.runner_system_id');
});
afterEach(async () => await directory.remove());

const read = (configured: readonly SystemId[] = []) => readSystemIds({ configured, file }, silentLog());

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

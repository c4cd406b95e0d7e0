import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PACKAGE = fileURLToPath(new URL('../package.json', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/sideband-reaper', import.meta.url));

let directory: TemporaryDirectory;
/** As npm links it: found from any folder, and not where the checkout is. */
let linked: string;

beforeAll(async () => {
  directory = await temporaryDirectory('command');
  const folder = join(directory.path, '.bin');
  await mkdir(folder);
  linked = join(folder, 'sideband-reaper');
  await symlink(PROGRAM, linked);
  // Another project's, which tsx would read from the working directory.
  await writeFile(join(directory.path, 'tsconfig.json'), '{ this is no JSON');
});
afterAll(async () => await directory.remove());

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function sidebandReaper(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const options = { cwd: directory.path, env: { PATH: process.env['PATH'], ...env } };
  return await new Promise((resolve) => {
    execFile(linked, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('it says which version it is, from any folder', async () => {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8'));
  expect(await sidebandReaper(['--version'])).toEqual({
    code: 0,
    stdout: `sideband-reaper ${version}\n`,
    stderr: '',
  });
});

test('help is printed, and is no error', async () => {
  const { code, stdout, stderr } = await sidebandReaper(['run', '--help']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('sideband-reaper run --standalone');
});

test('what is not understood is said with the usage, and nothing is started', async () => {
  const { code, stdout, stderr } = await sidebandReaper(['run', '--standalon'], {
    SIDEBAND_ENGINE: 'unix:///nowhere',
  });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^sideband-reaper: there is no option "--standalon"\n\n/);
  expect(stderr).toContain('Usage:');
});

test.each([
  ['run', [], ['SIDEBAND_REDIS', 'SIDEBAND_ENGINE']],
  ['run --standalone', ['--standalone'], ['SIDEBAND_ENGINE']],
])('%s names the settings that it lacks', async (_name, args, settings) => {
  const { code, stderr } = await sidebandReaper(['run', ...args]);
  const { err } = JSON.parse(stderr);
  expect([code, err.code]).toEqual([2, 'CONFIG_INVALID']);
  expect(err.details.problems.map(({ setting }: { setting: string }) => setting)).toEqual(settings);
});

test('an engine that is not there is waited for by whoever supervises', async () => {
  const { code, stderr } = await sidebandReaper(['run', '--standalone'], {
    SIDEBAND_ENGINE: `unix://${directory.path}/no.sock`,
  });
  expect([code, JSON.parse(stderr).err.code]).toEqual([1, 'ENGINE_UNAVAILABLE']);
});

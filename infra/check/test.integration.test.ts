import { spawnSync } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const made: { remove(): Promise<void> }[] = [];

afterEach(async () => {
  for (const directory of made.splice(0)) await directory.remove();
});

/** Runs what `npm test` runs, on a project of its own with these test files. */
async function runOn(files: Record<string, string>, ...args: string[]) {
  const directory = await temporaryDirectory('closing');
  made.push(directory);
  await symlink(path.join(ROOT, 'node_modules'), path.join(directory.path, 'node_modules'));
  await mkdir(path.join(directory.path, 'testkit'));
  await cp(path.join(ROOT, 'infra/testkit/skip.ts'), path.join(directory.path, 'testkit/skip.ts'));
  await writeFile(path.join(directory.path, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) {
    const head = "import { beforeAll, describe, expect, it } from 'vitest';\n";
    await writeFile(path.join(directory.path, name), head + text);
  }
  // The run inside this run must not take itself for a worker of the outer one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=source', path.join(ROOT, 'infra/check/test.ts'), ...args],
    { cwd: directory.path, encoding: 'utf8', env: { ...env, NO_COLOR: '1' } },
  );
  return { status, lines: stdout.trimEnd().split('\n') };
}

const PASSING = "it('holds', () => expect(1).toBe(1));\n";

it('passes its arguments on, ends with the counts and succeeds', async () => {
  const files = { 'a.test.ts': PASSING, 'b.test.ts': PASSING, 'c.test.ts': 'throw 1;' };
  const { status, lines } = await runOn(files, 'a.test.ts', 'b.test.ts');
  expect(lines.at(-1)).toBe('2 passed, 0 failed, 0 skipped');
  expect(lines.join('\n')).toContain('a.test.ts');
  expect(status).toBe(0);
});

it('says what was skipped and why', async () => {
  const { status, lines } = await runOn({
    'a.test.ts': `${PASSING}
      import { skipBecause } from './testkit/skip.ts';
      skipBecause('no dockerd here').describe('a reap', () => {
        it('frees room', () => expect(1).toBe(2));
        it('stops', () => expect(1).toBe(2));
      });
      skipBecause('no chromium').test('a page', () => expect(1).toBe(2));
      skipBecause(undefined).test('runs', () => expect(1).toBe(1));
      it('looks first', (context) => context.skip('the disk is too small'));
      it.skip('someday', () => {});
    `,
  });
  expect(lines.slice(-5)).toEqual([
    'skipped 2 tests: a.test.ts, a reap: no dockerd here',
    'skipped 1 test: a.test.ts, a page: no chromium',
    'skipped 1 test: a.test.ts, looks first: the disk is too small',
    'skipped 1 test: a.test.ts: no reason given',
    '2 passed, 0 failed, 5 skipped',
  ]);
  expect(status).toBe(0);
});

it('fails on failing tests, files that cannot be loaded, failing hooks and errors nobody handled', async () => {
  const { status, lines } = await runOn({
    'test.test.ts': `${PASSING} it('fails', () => expect(1).toBe(2));`,
    'file.test.ts': "import './missing.ts';",
    'hook.test.ts':
      "describe('s', () => { beforeAll(() => { throw new Error('no'); }); it('x', () => {}); });",
    'error.test.ts': `${PASSING} void Promise.reject(new Error('lost'));`,
  });
  expect(lines.at(-1)).toBe('2 passed, 4 failed, 1 skipped');
  expect(status).toBe(1);
});

it('fails when there was nothing to run', async () => {
  const none = await runOn({});
  expect(none).toMatchObject({ status: 1 });
  expect(none.lines.at(-1)).toBe('0 passed, 0 failed, 0 skipped');
  const filtered = await runOn({ 'a.test.ts': PASSING }, '-t', 'no such test');
  expect(filtered).toMatchObject({ status: 1 });
  expect(filtered.lines.at(-1)).toBe('0 passed, 0 failed, 1 skipped');
});

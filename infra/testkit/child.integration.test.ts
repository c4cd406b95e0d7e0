import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Child, startChild } from './child.ts';
import { openLedger } from './sweep.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await temporaryDirectory('child');
});
afterAll(() => directory.remove());

async function start(script: string): Promise<Child> {
  return startChild({
    command: process.execPath,
    args: ['-e', script],
    env: {},
    directory: directory.path,
    logFile: join(directory.path, 'child.log'),
    ledger: await openLedger(directory.path),
  });
}

test('a child says with which code it ended', async () => {
  const child = await start('console.log("bye"); process.exitCode = 3');
  expect(await child.ended()).toBe(3);
  expect(child.hasExited()).toBe(true);
  expect(await child.logTail()).toContain('bye');
});

test('a child that is killed has no time for anything', async () => {
  const child = await start(
    'process.on("SIGTERM", () => console.log("heard")); setInterval(() => {}, 1_000); console.log("up")',
  );
  await until('the child to be up', async () => (await child.logTail()).includes('up'));
  await child.kill();
  expect(await child.ended()).toBe('SIGKILL');
  expect(await child.logTail()).not.toContain('heard');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLedger, writeLedger } from './ledger.ts';
import { identify, isAlive } from './process-identity.ts';
import { openLedger, sweep, sweepTemporaryDirectories } from './sweep.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

let temporary: TemporaryDirectory;
beforeEach(async () => {
  temporary = await temporaryDirectory('ledger');
});
afterEach(() => temporary.remove());

const DEAD = { pid: 2 ** 22 + 1, start: '1' };

async function writeEntries(directory: string, entries: readonly unknown[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, 'ledger.jsonl'),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  );
}

async function startSleeper(): Promise<{ pid: number; ended: Promise<unknown> }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  return { pid: child.pid ?? 0, ended };
}

test('remembers its owner, children and paths', () => {
  const ledger = writeLedger(temporary.path);
  ledger.child(process.pid, 'a server');
  ledger.path('/somewhere/else');
  const self = identify(process.pid);
  expect(readLedger(temporary.path)).toEqual({
    owner: { kind: 'owner', ...self },
    children: [{ kind: 'child', what: 'a server', ...self }],
    paths: ['/somewhere/else'],
  });
});

test('a second one by the same process goes on with the first', async () => {
  writeLedger(temporary.path).path('/one');
  (await openLedger(temporary.path)).path('/two');
  expect(readLedger(temporary.path)?.paths).toEqual(['/one', '/two']);
});

test('a line that was cut off is as if never written', async () => {
  writeLedger(temporary.path).path('/one');
  await appendFile(join(temporary.path, 'ledger.jsonl'), '{"kind":"path","pa');
  expect(readLedger(temporary.path)?.paths).toEqual(['/one']);
});

test.each([
  { kind: 'path', path: 'relative' },
  { kind: 'path', path: '/tmp/../etc' },
  { kind: 'child', what: 'init', pid: -1, start: '1' },
  'text',
])('a line that is no entry stops everything, named: %j', async (entry) => {
  await writeEntries(temporary.path, [{ kind: 'owner', ...DEAD }, entry]);
  await expect(sweep(temporary.path)).rejects.toThrow(/ledger\.jsonl:2 is no ledger entry/);
});

test('sweep kills a dead owner’s child and removes its paths, nothing else', async () => {
  const [child, stranger] = [await startSleeper(), await startSleeper()];
  const scratch = join(temporary.path, 'scratch');
  const kept = join(temporary.path, 'kept');
  await mkdir(scratch);
  await writeFile(kept, 'still here');
  await writeEntries(temporary.path, [
    { kind: 'owner', ...DEAD },
    { kind: 'child', what: 'sleep', ...identify(child.pid) },
    // The same number at another time: a process that is not ours.
    { kind: 'child', what: 'sleep', pid: stranger.pid, start: '1' },
    { kind: 'path', path: scratch },
  ]);

  expect(await sweep(temporary.path)).toEqual({ processes: 1, mounts: 0, loops: 0, paths: 1 });

  await child.ended;
  const survivor = identify(stranger.pid);
  expect(survivor && isAlive(survivor)).toBe(true);
  expect(await readFile(kept, 'utf8')).toBe('still here');
  expect(readLedger(temporary.path)).toBeUndefined();
  process.kill(stranger.pid);
  await stranger.ended;
});

test('a ledger cannot make a sweep remove what is elsewhere', async () => {
  const elsewhere = await temporaryDirectory('elsewhere');
  await writeEntries(temporary.path, [
    { kind: 'owner', ...DEAD },
    { kind: 'path', path: elsewhere.path },
  ]);
  await expect(sweep(temporary.path)).rejects.toThrow(/which is not ours/);
  await elsewhere.remove();
});

test('temporary directories of killed runs go, those of living ones stay', async () => {
  const abandoned = await temporaryDirectory('abandoned');
  await writeEntries(join(abandoned.path, 'redis'), [{ kind: 'owner', ...DEAD }]);
  await writeEntries(join(temporary.path, 'one'), [{ kind: 'owner', ...DEAD }]);
  writeLedger(temporary.path);
  const unknown = await temporaryDirectory('unknown');

  const removed = await sweepTemporaryDirectories();

  expect(removed).toContain(abandoned.path);
  expect(removed).not.toContain(temporary.path);
  expect([temporary.path, unknown.path].map((path) => existsSync(path))).toEqual([true, true]);
  await unknown.remove();
});

test('sweep touches nothing while the owner lives', async () => {
  const owner = await startSleeper();
  const scratch = join(temporary.path, 'scratch');
  await writeFile(scratch, 'in use');
  await writeEntries(temporary.path, [
    { kind: 'owner', ...identify(owner.pid) },
    { kind: 'path', path: scratch },
  ]);

  await expect(sweep(temporary.path)).rejects.toThrow(`in use by process ${owner.pid}`);
  await expect(openLedger(temporary.path)).rejects.toThrow(`in use by process ${owner.pid}`);
  expect(await readFile(scratch, 'utf8')).toBe('in use');

  process.kill(owner.pid);
  await owner.ended;
  await openLedger(temporary.path);
  await expect(readFile(scratch)).rejects.toThrow(/ENOENT/);
});

test('where there is no ledger there is nothing to sweep', async () => {
  expect(await sweep(join(temporary.path, 'nowhere'))).toEqual({
    processes: 0,
    mounts: 0,
    loops: 0,
    paths: 0,
  });
});

test('no ledger is begun where something else is, and that stays', async () => {
  const temporary = await temporaryDirectory('foreign');
  const home = join(temporary.path, 'home');
  await mkdir(join(home, 'state'), { recursive: true });
  await writeFile(join(home, 'state', 'letter'), 'dear');
  await expect(openLedger(home)).rejects.toThrow('not empty and not ours');
  expect(await readFile(join(home, 'state', 'letter'), 'utf8')).toBe('dear');
  await temporary.remove();
});

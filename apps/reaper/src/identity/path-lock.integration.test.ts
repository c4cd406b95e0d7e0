import { lstat, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { ManualClock, systemClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OtherProcess, startOtherProcess } from './other-process.suite.ts';
import { createPathLock } from './path-lock.ts';

let directory: TemporaryDirectory;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory('lock');
  path = join(directory.path, 'lock');
});
afterEach(async () => await directory.remove());

test('the first has it, and goes on having it; the second is told who', async () => {
  const [first, second] = [createPathLock(path, systemClock), createPathLock(path, systemClock)];
  expect(await first.hold()).toEqual({ held: true });
  expect(await second.hold()).toEqual({ held: false, pid: process.pid });
  expect(await first.hold()).toEqual({ held: true });
});

test('released by its holder it is free, released by another it is not', async () => {
  const [first, second] = [createPathLock(path, systemClock), createPathLock(path, systemClock)];
  await first.hold();
  await second.release();
  expect(await second.hold()).toMatchObject({ held: false });
  await first.release();
  expect(await second.hold()).toEqual({ held: true });
});

describe('another process', () => {
  let other: OtherProcess;

  beforeEach(async () => {
    const module = JSON.stringify(new URL('./path-lock.ts', import.meta.url).href);
    other = await startOtherProcess(
      `(await import(${module})).createPathLock(${JSON.stringify(path)}, { now: () => Date.now() }).hold()`,
    );
    expect(other.said).toEqual({ held: true });
  });
  afterEach(async () => await other.kill());

  test('that lives keeps it; killed by SIGKILL, it has lost it at once', async () => {
    const lock = createPathLock(path, systemClock);
    expect(await lock.hold()).toEqual({ held: false, pid: other.pid });
    await other.kill();
    expect(await lock.hold()).toEqual({ held: true });
    expect(await readdir(directory.path)).toEqual(['lock']);
  });

  test('that was killed is followed by exactly one of many', async () => {
    await other.kill();
    const locks = Array.from({ length: 20 }, () => createPathLock(path, systemClock));
    await Promise.all(locks.map((lock) => lock.hold()));
    const holds = await Promise.all(locks.map((lock) => lock.hold()));
    expect(holds.filter((hold) => hold.held)).toHaveLength(1);
  });
});

describe('a holder that cannot be seen from here', () => {
  test.each(['1 100 00000000999 aaaaaaaa', 'nonsense'])(
    'keeps the lock %j until it has been silent for three minutes',
    async (text) => {
      await symlink(text, path);
      const clock = new ManualClock(Date.now());
      const lock = createPathLock(path, clock);
      expect(await lock.hold()).toMatchObject({ held: false });
      clock.advance(2 * 60_000);
      expect(await lock.hold()).toMatchObject({ held: false });
      clock.advance(2 * 60_000);
      expect(await lock.hold()).toEqual({ held: true });
    },
  );

  test('is told by each hold of ours that we are not silent', async () => {
    const clock = new ManualClock(Date.now());
    const lock = createPathLock(path, clock);
    await lock.hold();
    clock.advance(60 * 60_000);
    await lock.hold();
    const { mtimeMs } = await lstat(path);
    expect(Math.round(mtimeMs)).toBe(clock.now());
  });
});

test('a place that is none is an error', async () => {
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  const held = (place: string): Promise<unknown> => createPathLock(join(place, 'lock'), systemClock).hold();
  await expect(held(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(held(join(directory.path, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
});

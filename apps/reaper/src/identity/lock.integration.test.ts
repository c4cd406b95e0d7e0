import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { ManualClock, systemClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHostLock } from './lock.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('lock');
});
afterEach(async () => await directory.remove());

test('the first has it, and goes on having it; the second is told who', async () => {
  const [first, second] = [
    createHostLock(directory.path, systemClock),
    createHostLock(directory.path, systemClock),
  ];
  expect(await first.hold()).toEqual({ held: true });
  expect(await second.hold()).toEqual({ held: false, pid: process.pid });
  expect(await first.hold()).toEqual({ held: true });
});

test('released by its holder it is free, released by another it is not', async () => {
  const [first, second] = [
    createHostLock(directory.path, systemClock),
    createHostLock(directory.path, systemClock),
  ];
  await first.hold();
  await second.release();
  expect(await second.hold()).toMatchObject({ held: false });
  await first.release();
  expect(await second.hold()).toEqual({ held: true });
});

describe('another process', () => {
  let other: ChildProcess;

  beforeEach(async () => {
    other = holderIn(directory.path);
    const [said] = (await once(other.stdout ?? other, 'data')) as [Buffer];
    expect(said.toString()).toBe('{"held":true}');
  });
  afterEach(async () => {
    if (other.exitCode !== null || other.signalCode !== null) return;
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  test('that lives keeps it; killed by SIGKILL, it has lost it at once', async () => {
    const lock = createHostLock(directory.path, systemClock);
    expect(await lock.hold()).toEqual({ held: false, pid: other.pid });
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await lock.hold()).toEqual({ held: true });
    expect(await readdir(directory.path)).toEqual(['lock']);
  });

  test('that was killed is followed by exactly one of many', async () => {
    other.kill('SIGKILL');
    await once(other, 'exit');
    const locks = Array.from({ length: 20 }, () => createHostLock(directory.path, systemClock));
    await Promise.all(locks.map((lock) => lock.hold()));
    const holds = await Promise.all(locks.map((lock) => lock.hold()));
    expect(holds.filter((hold) => hold.held)).toHaveLength(1);
  });
});

describe('a holder that cannot be seen from here', () => {
  test.each(['1 100 00000000999 aaaaaaaa', 'nonsense'])(
    'keeps the lock %j until it has been silent for three minutes',
    async (text) => {
      await symlink(text, join(directory.path, 'lock'));
      const clock = new ManualClock(Date.now());
      const lock = createHostLock(directory.path, clock);
      expect(await lock.hold()).toMatchObject({ held: false });
      clock.advance(2 * 60_000);
      expect(await lock.hold()).toMatchObject({ held: false });
      clock.advance(2 * 60_000);
      expect(await lock.hold()).toEqual({ held: true });
    },
  );

  test('is told by each hold of ours that we are not silent', async () => {
    const clock = new ManualClock(Date.now());
    const lock = createHostLock(directory.path, clock);
    await lock.hold();
    clock.advance(60 * 60_000);
    await lock.hold();
    const { mtimeMs } = await lstat(join(directory.path, 'lock'));
    expect(Math.round(mtimeMs)).toBe(clock.now());
  });
});

test('a state directory that is none is unusable', async () => {
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  for (const path of [file, join(directory.path, 'missing')]) {
    await expect(createHostLock(path, systemClock).hold()).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
  }
});

function holderIn(path: string): ChildProcess {
  const script = `
    const { createHostLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
    const hold = await createHostLock(${JSON.stringify(path)}, { now: () => Date.now() }).hold();
    process.stdout.write(JSON.stringify(hold));
    setInterval(() => {}, 60_000);
  `;
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', script];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

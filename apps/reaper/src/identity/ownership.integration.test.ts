import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OtherProcess, startOtherProcess } from './other-process.suite.ts';
import { aMachine, HOST, type Machine, UUID_B } from './ownership.suite.ts';

const run = promisify(execFile);
const noMounts = process.getuid?.() === 0 ? undefined : 'a bind mount needs root';

let machine: Machine;

beforeEach(async () => {
  machine = await aMachine();
});
afterEach(async () => await machine.remove());

const HELD = { held: true };

test('alone it has everything, goes on having it, and leaves nothing behind', async () => {
  const reaper = await machine.reaper({ state: 'a' });
  expect(await reaper.hold()).toEqual(HELD);
  machine.clock.advance(30_000);
  expect(await Promise.all([reaper.hold(), reaper.hold()])).toEqual([HELD, HELD]);
  expect(await readdir(await machine.state('a'))).toEqual(['lock']);
  expect(await readdir(machine.run)).toEqual(['engine.sock', 'engine.sock.sideband-lock']);
  await reaper.release();
  await reaper.release();
  expect(await readdir(await machine.state('a'))).toEqual([]);
  expect(await readdir(machine.run)).toEqual(['engine.sock']);
  expect(machine.said).toEqual([]);
});

describe('two reapers', () => {
  test('with one state directory: the second is told of the first, and has its turn after it', async () => {
    const [first, second] = [await machine.reaper({ state: 'a' }), await machine.reaper({ state: 'a' })];
    await first.hold();
    expect(await second.hold()).toEqual({
      held: false,
      lock: 'state-directory',
      at: join(await machine.state('a'), 'lock'),
      holder: `process ${process.pid}`,
      remedy: expect.stringContaining('Stop one'),
    });
    await second.release();
    expect(await first.hold()).toEqual(HELD);
    await first.release();
    expect(await second.hold()).toEqual(HELD);
  });

  test('with two state directories on one engine, whatever its socket is called', async () => {
    const first = await machine.reaper({ state: 'a', socket: machine.socketByLink });
    const second = await machine.reaper({ state: 'b', uuid: UUID_B });
    await first.hold();
    expect(await second.hold()).toEqual({
      held: false,
      lock: 'engine-socket',
      at: `${machine.socket}.sideband-lock`,
      holder: `process ${process.pid}`,
      remedy: expect.stringContaining('Stop one'),
    });
    // It keeps nothing that a third one could want.
    expect(await readdir(await machine.state('b'))).toEqual([]);
    expect(await (await machine.reaper({ state: 'b' })).hold()).toMatchObject({ lock: 'engine-socket' });
    await first.release();
    expect(await second.hold()).toEqual(HELD);
    expect(await first.hold()).toMatchObject({ held: false, lock: 'engine-socket' });
  });

  test('on two engines don’t know of each other', async () => {
    const socket = join(machine.run, 'other.sock');
    await writeFile(socket, '');
    const [first, second] = [
      await machine.reaper({ state: 'a' }),
      await machine.reaper({ state: 'b', socket }),
    ];
    expect(await first.hold()).toEqual(HELD);
    expect(await second.hold()).toEqual(HELD);
  });

  test('that begin at once: one of them works', async () => {
    const states = Array.from({ length: 10 }, (_, index) => `state-${index}`);
    const reapers = await Promise.all(states.map((state) => machine.reaper({ state })));
    const first = await Promise.all(reapers.map((reaper) => reaper.hold()));
    expect(first.filter(({ held }) => held)).toHaveLength(1);
    expect((await Promise.all(reapers.map((reaper) => reaper.hold()))).map(({ held }) => held)).toEqual(
      first.map(({ held }) => held),
    );
  });
});

describe('a reaper in another process', () => {
  let other: OtherProcess | undefined;
  afterEach(async () => await other?.kill());

  test.each(['a', 'b'])(
    'that is killed is followed at once by one with the state directory %s',
    async (state) => {
      other = await startReaper('a');
      expect(other.said).toEqual(HELD);
      const second = await machine.reaper({ state });
      expect(await second.hold()).toMatchObject({ held: false, holder: `process ${other.pid}` });
      await other.kill();
      expect(await second.hold()).toEqual(HELD);
    },
  );

  async function startReaper(state: string): Promise<OtherProcess> {
    const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
    const parts = {
      stateDirectory: await machine.state(state),
      socketPath: machine.socket,
      host: HOST,
      uuid: UUID_B,
    };
    return await startOtherProcess(
      `(await import(${url('./ownership.ts')})).createOwnership({
        ...${JSON.stringify(parts)},
        clock: { now: () => Date.now() },
      }).hold()`,
    );
  }
});

describe('beside a socket where no lock can be had', () => {
  const SAID = 'info No lock beside the engine’s socket; the state directory’s counts alone';

  test('the state directory’s counts alone, which is said once', async () => {
    const socket = '/proc/version';
    const [first, second, third] = [
      await machine.reaper({ state: 'a', socket }),
      await machine.reaper({ state: 'a', socket }),
      await machine.reaper({ state: 'b', socket }),
    ];
    expect(await first.hold()).toEqual(HELD);
    expect(await first.hold()).toEqual(HELD);
    expect(machine.said).toEqual([SAID]);
    expect(await second.hold()).toMatchObject({ lock: 'state-directory' });
    expect(await third.hold()).toEqual(HELD);
    await first.release();
    expect(await second.hold()).toEqual(HELD);
    expect(machine.said).toEqual([SAID, SAID, SAID]);
  });

  skipBecause(noMounts).test('one that another reaper has there is respected all the same', async () => {
    const readOnly = await machine.state('read-only');
    await run('mount', ['--bind', machine.run, readOnly]);
    try {
      await run('mount', ['-o', 'remount,bind,ro', readOnly]);
      const inside = await machine.reaper({ state: 'b', socket: join(readOnly, 'engine.sock') });
      expect(await inside.hold()).toEqual(HELD);
      const first = await machine.reaper({ state: 'a' });
      await first.hold();
      expect(await inside.hold()).toMatchObject({ lock: 'engine-socket', holder: `process ${process.pid}` });
      await first.release();
      expect(await inside.hold()).toEqual(HELD);
      expect(machine.said).toEqual([SAID]);
    } finally {
      await run('umount', [readOnly]);
    }
  });

  test('it is taken as soon as it can be: the engine’s start makes the socket', async () => {
    const socket = join(machine.run, 'later.sock');
    const reaper = await machine.reaper({ state: 'a', socket });
    expect(await reaper.hold()).toEqual(HELD);
    expect(machine.said).toEqual([SAID]);
    await writeFile(socket, '');
    expect(await reaper.hold()).toEqual(HELD);
    expect(await (await machine.reaper({ state: 'b', socket })).hold()).toMatchObject({
      lock: 'engine-socket',
    });
  });
});

skipBecause(noMounts).test('a state directory that has become read-only goes on to be held', async () => {
  const state = await machine.state('a');
  await run('mount', ['-t', 'tmpfs', 'none', state]);
  try {
    const reaper = await machine.reaper({ state: 'a' });
    expect(await reaper.hold()).toEqual(HELD);
    await run('mount', ['-o', 'remount,ro', state]);
    expect(await reaper.hold()).toEqual(HELD);
  } finally {
    await run('umount', [state]);
  }
});

skipBecause(noMounts).test('where there is no inode for a lock, the other locks count', async () => {
  const state = await machine.state('a');
  await run('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=2', 'none', state]);
  try {
    await writeFile(join(state, 'the-last-one'), '');
    const first = await machine.reaper({ state: 'a' });
    expect(await first.hold()).toEqual(HELD);
    expect(await (await machine.reaper({ state: 'b' })).hold()).toMatchObject({ lock: 'engine-socket' });
    await first.release();
  } finally {
    await run('umount', [state]);
  }
});

test('a state directory that is none is unusable', async () => {
  const reaper = await machine.reaper({ state: 'a' });
  await rm(await machine.state('a'), { recursive: true });
  await writeFile(join(machine.path, 'a'), '');
  await expect(reaper.hold()).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
  await reaper.release();
});

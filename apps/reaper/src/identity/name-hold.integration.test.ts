import { readdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { NAME_LOCK_MS } from '@sideband/shared/hosts/lock';
import { createMemoryNameLock } from '@sideband/shared/hosts/memory-name-lock';
import { createRedisNameLock } from '@sideband/shared/hosts/redis-name-lock';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aMachine, HOST, type Machine, UUID_A, UUID_B } from './ownership.suite.ts';

const HELD = { held: true };

/** Two machines that have nothing in common but the fleet, and the name. */
let first: Machine;
let second: Machine;

beforeEach(async () => {
  [first, second] = [await aMachine(), await aMachine()];
});
afterEach(async () => {
  await first.remove();
  await second.remove();
});

describe('one name in the fleet', () => {
  test('belongs to the first machine; the second is told which, and keeps no lock of its own', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    const original = await first.reaper({ state: 'a', nameLock });
    const namesake = await second.reaper({ state: 'a', nameLock, uuid: UUID_B });
    expect(await original.hold()).toEqual(HELD);
    expect(await namesake.hold()).toEqual({
      held: false,
      lock: 'host-name',
      at: HOST,
      holder: `host ${UUID_A}`,
      remedy: expect.stringContaining('SIDEBAND_HOST'),
    });
    expect(await readdir(await second.state('a'))).toEqual([]);
    expect(await readdir(second.run)).toEqual(['engine.sock']);
    await namesake.release();
    expect(await original.hold()).toEqual(HELD);
    await original.release();
    expect(await namesake.hold()).toEqual(HELD);
  });

  test('goes to a host made anew when the old one has been silent for 90 seconds', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    await (await first.reaper({ state: 'a', nameLock })).hold();
    const anew = await second.reaper({ state: 'a', nameLock, uuid: UUID_B });
    first.clock.advance(NAME_LOCK_MS - 1);
    expect(await anew.hold()).toMatchObject({ lock: 'host-name' });
    first.clock.advance(1);
    expect(await anew.hold()).toEqual(HELD);
  });

  test('is kept by a reaper that was killed and started again, without a wait', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    await (await first.reaper({ state: 'a', nameLock })).hold();
    // What a kill leaves: the locks on this machine are taken from the dead at once, the fleet's stays.
    await unlink(join(await first.state('a'), 'lock'));
    await unlink(`${first.socket}.sideband-lock`);
    expect(await (await first.reaper({ state: 'a', nameLock })).hold()).toEqual(HELD);
  });

  test('is refused to a clone that brought the state directory with it, and said to be that', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    await (await first.reaper({ state: 'a', nameLock })).hold();
    expect(await (await second.reaper({ state: 'a', nameLock })).hold()).toMatchObject({
      lock: 'host-name',
      holder: `host ${UUID_A}`,
      remedy: expect.stringContaining('was copied'),
    });
  });

  test('is given back by one that loses its engine to another reaper', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    const loser = await first.reaper({ state: 'a', nameLock });
    await loser.hold();
    // Silent for so long that a reaper in another container took the socket's lock.
    await unlink(`${first.socket}.sideband-lock`);
    await symlink('1 100 00000000999 aaaaaaaa', `${first.socket}.sideband-lock`);
    expect(await loser.hold()).toMatchObject({ lock: 'engine-socket', holder: 'process 1' });
    expect(await (await second.reaper({ state: 'a', nameLock, uuid: UUID_B })).hold()).toEqual(HELD);
  });

  test('with a holder’s words that are no UUID is shown quoted', async () => {
    const nameLock = createMemoryNameLock(first.clock);
    await nameLock.hold(HOST, 'somebody\u001b[31m else');
    expect(await (await first.reaper({ state: 'a', nameLock })).hold()).toMatchObject({
      holder: 'host "somebody\\u001b[31m else"',
    });
  });
});

describe('while Redis is away', () => {
  let server: RedisServer;
  let redis: ReturnType<typeof connectRedis>;

  beforeEach(async () => {
    server = await startRedis();
    redis = connectRedis(server.url, 'request');
    // A client without a listener throws when its server goes.
    redis.on('error', () => undefined);
    await redisReady(redis);
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  test('who had the name goes on, who had it not does not, and who could never ask begins', async () => {
    const nameLock = createRedisNameLock(redis);
    const owner = await first.reaper({ state: 'a', nameLock });
    const namesake = await second.reaper({ state: 'a', nameLock, uuid: UUID_B });
    expect(await owner.hold()).toEqual(HELD);
    expect(await namesake.hold()).toMatchObject({ lock: 'host-name', holder: `host ${UUID_A}` });
    await server.stop();
    expect(await owner.hold()).toEqual(HELD);
    expect(await namesake.hold()).toMatchObject({ lock: 'host-name', holder: `host ${UUID_A}` });
    const newcomer = await second.reaper({ state: 'b', nameLock, uuid: UUID_B });
    expect(await newcomer.hold()).toEqual(HELD);
    // The machine's own locks count all the same.
    expect(await (await second.reaper({ state: 'c', nameLock })).hold()).toMatchObject({
      lock: 'engine-socket',
    });
    await owner.release();
  });
});

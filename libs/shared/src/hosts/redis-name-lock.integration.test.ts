import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostKeys } from '../evidence/keys.ts';
import type { HostName } from '../names.ts';
import { connectRedis, redisReady } from '../redis.ts';
import { describeNameLock } from './name-lock.suite.ts';
import { createRedisNameLock } from './redis-name-lock.ts';

const ALPHA = 'alpha' as HostName;

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  redis.on('error', () => undefined);
  await redisReady(redis);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describeNameLock('the lock on a host’s name in Redis', async () => {
  await redis.flushall();
  return {
    lock: createRedisNameLock(redis),
    async letExpire(host) {
      await redis.pexpire(hostKeys(host).lock, 1);
      await until('the lock to expire', async () => (await redis.exists(hostKeys(host).lock)) === 0);
    },
  };
});

describe('the lock on a host’s name in Redis: its key', () => {
  test('lasts 90 s from the last time it was held', async () => {
    await redis.flushall();
    const lock = createRedisNameLock(redis);
    await lock.hold(ALPHA, 'first');
    expect(await redis.keys('*')).toEqual(['{sb:h:alpha}:lock']);
    await redis.pexpire(hostKeys(ALPHA).lock, 1_000);
    await lock.hold(ALPHA, 'second');
    expect(await redis.pttl(hostKeys(ALPHA).lock)).toBeLessThanOrEqual(1_000);
    await lock.hold(ALPHA, 'first');
    expect((await redis.pttl(hostKeys(ALPHA).lock)) / 1_000).toBeCloseTo(90, 0);
  });

  test('fails with REDIS_UNAVAILABLE while Redis is away', async () => {
    const own = await startRedis();
    const client = connectRedis(own.url, 'request');
    client.on('error', () => undefined);
    await redisReady(client);
    const lock = createRedisNameLock(client);
    await own.stop();
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(lock.hold(ALPHA, 'first')).rejects.toMatchObject(unavailable);
    await expect(lock.release(ALPHA, 'first')).rejects.toMatchObject(unavailable);
    client.disconnect();
  });
});

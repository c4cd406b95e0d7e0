import { until } from '@sideband/infra/testkit/until';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostKeys } from '../evidence/keys.ts';
import type { HostName } from '../names.ts';
import { type OwnRedis, openRedis } from '../redis-client.suite.ts';
import { describeNameLock } from './name-lock.suite.ts';
import { createRedisNameLock } from './redis-name-lock.ts';

const ALPHA = 'alpha' as HostName;

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

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
    const away = await openRedis();
    const lock = createRedisNameLock(away.redis);
    await away.server.stop();
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(lock.hold(ALPHA, 'first')).rejects.toMatchObject(unavailable);
    await expect(lock.release(ALPHA, 'first')).rejects.toMatchObject(unavailable);
    await away.close();
  });
});

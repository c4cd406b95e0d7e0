import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { type OwnRedis, openRedis } from '@sideband/shared/redis-client.suite';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aConfiguration, describeConfigurationCache } from './cache.suite.ts';
import { createRedisConfigurationCache } from './redis-cache.ts';

const gitlab = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;
const commit = 'a'.repeat(40);

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

describeConfigurationCache('in Redis', async (bounds) => {
  await redis.flushall();
  return {
    cache: createRedisConfigurationCache(redis, bounds),
    // Redis has a clock of its own: each key is given what would be left to it.
    pass: async (milliseconds) => {
      for (const key of await redis.keys('*'))
        await redis.pexpire(key, (await redis.pttl(key)) - milliseconds);
    },
  };
});

it('has one key a commit, in the collector’s slot, with an end', async () => {
  await redis.flushall();
  const cache = createRedisConfigurationCache(redis);
  await cache.put(gitlab, project, commit, await aConfiguration());
  const [key = '', ...more] = await redis.keys('*');
  expect([key, more]).toEqual([`{sb:c}:configuration:gitlab.example:7:${commit}`, []]);
  expect(await redis.pttl(key)).toBeGreaterThan(86_000_000);
  await cache.put(gitlab, project, commit, 'none');
  expect(await redis.pttl(key)).toBeLessThanOrEqual(600_000);
});

it('takes what it cannot read for nothing', async () => {
  const cache = createRedisConfigurationCache(redis);
  const key = `{sb:c}:configuration:gitlab.example:7:${commit}`;
  await cache.put(gitlab, project, commit, await aConfiguration());
  const whole = await redis.getBuffer(key);
  for (const stored of ['', '{}', 'nothing', whole?.subarray(0, 40) ?? '']) {
    await redis.set(key, stored);
    expect(await cache.get(gitlab, project, commit)).toBeUndefined();
  }
});

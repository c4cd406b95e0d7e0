import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeJobLedger } from './ledger.suite.ts';
import { createRedisLedger } from './redis-ledger.ts';

const instance = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;
const job = { instance, project, job: 1 as JobId };

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  await redisReady(redis);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describeJobLedger('in Redis', async (clock, bounds) => {
  await redis.flushall();
  return createRedisLedger(redis, clock, bounds);
});

it('gives every key an end and keeps a job’s name out of it', async () => {
  await redis.flushall();
  const bounds = { lookBackMs: 1_000_000, endedJobs: 10, imagesMs: 2_000_000 };
  const now = Date.now();
  const ledger = createRedisLedger(redis, new ManualClock(now), bounds);
  await ledger.markEnded(job, now as Millis);
  await ledger.rememberImages(job, 'deploy {sb:h:x}:last', [], now as Millis);
  await ledger.settle(instance, project, 1 as JobId);
  const keys = await redis.keys('*');
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    expect(key).toMatch(/^\{sb:c\}:(ended|settled|images):gitlab\.example:7(:[\w-]{43})?$/);
    expect(await redis.pttl(key)).toBeGreaterThan(900_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(2_000_000);
  }
});

it('takes what it cannot read for nothing, and writes over it', async () => {
  await redis.flushall();
  const bounds = { lookBackMs: 1_000_000, endedJobs: 10, imagesMs: 2_000_000 };
  const ledger = createRedisLedger(redis, new ManualClock(1_000), bounds);
  await ledger.rememberImages(job, 'test', [], 1_000 as Millis);
  const [key = ''] = await redis.keys('*images*');
  for (const text of ['not JSON', '[]', '{"at":"soon"}', '7']) {
    await redis.set(key, text);
    expect(await ledger.imagesOf(instance, project, 'test')).toBeUndefined();
    await ledger.rememberImages(job, 'test', [], 1_000 as Millis);
    expect(await ledger.imagesOf(instance, project, 'test')).toEqual([]);
  }
});

import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { HostName, InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { type OwnRedis, openRedis } from '@sideband/shared/redis-client.suite';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeJobLedger } from './ledger.suite.ts';
import { createRedisLedger } from './redis-ledger.ts';

const BOUNDS = { lookBackMs: 1_000_000, endedJobs: 10, imagesMs: 2_000_000, managers: 10 };
const instance = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;
const runner = 4 as RunnerId;
const job = { instance, project, job: 1 as JobId };
const nothing = { images: [], hosts: [] };

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

describeJobLedger('in Redis', async (clock, bounds) => {
  await redis.flushall();
  return createRedisLedger(redis, clock, bounds);
});

it('gives every key an end and keeps a job’s name out of it', async () => {
  await redis.flushall();
  const now = Date.now() as Millis;
  const ledger = createRedisLedger(redis, new ManualClock(now), BOUNDS);
  await ledger.markEnded(job, now);
  await ledger.remember(job, 'deploy {sb:h:x}:last', nothing, now);
  await ledger.noteManagers(instance, runner, ['s_0123456789ab' as SystemId], now);
  const keys = await redis.keys('*');
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    expect(key).toMatch(
      /^\{sb:c\}:(ended:gitlab\.example:7|images:gitlab\.example:7:[\w-]{43}|managers:gitlab\.example:4)$/,
    );
    expect(await redis.pttl(key)).toBeGreaterThan(900_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(2_000_000);
  }
});

it('takes what it cannot read for nothing, and writes over it', async () => {
  await redis.flushall();
  const ledger = createRedisLedger(redis, new ManualClock(1_000), BOUNDS);
  await ledger.remember(job, 'test', nothing, 1_000 as Millis);
  const [key = ''] = await redis.keys('*images*');
  const foreign = '{"at":900,"job":1,"images":[],"hosts":["{sb:c}"]}';
  for (const text of ['not JSON', '[]', '{"at":"soon"}', '7', foreign]) {
    await redis.set(key, text);
    expect(await ledger.lastOf(instance, project, 'test')).toBeUndefined();
    await ledger.remember(job, 'test', nothing, 1_000 as Millis);
    expect(await ledger.lastOf(instance, project, 'test')).toEqual(nothing);
  }
});

it('reads what was remembered before hosts were', async () => {
  await redis.flushall();
  const ledger = createRedisLedger(redis, new ManualClock(1_000), BOUNDS);
  const images = [{ role: 'build' as const, identities: [] }];
  await ledger.remember(job, 'test', { images, hosts: ['one' as HostName] }, 1_000 as Millis);
  const [key = ''] = await redis.keys('*images*');
  await redis.set(key, JSON.stringify({ at: 1_000, job: 1, images }));
  expect(await ledger.lastOf(instance, project, 'test')).toEqual({ images, hosts: [] });
});

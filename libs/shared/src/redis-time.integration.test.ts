import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Millis, systemClock } from './clock.ts';
import { createFleetClock } from './fleet-clock.ts';
import { type OwnRedis, openRedis } from './redis-client.suite.ts';
import { redisTime } from './redis-time.ts';

const DAY_MS = 86_400_000;

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

test('a machine whose clock is a day behind goes by Redis’s, also when Redis is gone', async () => {
  const before = Date.now();
  const theirs = await redisTime(redis);
  expect(theirs).toBeGreaterThanOrEqual(before - 1);
  expect(theirs).toBeLessThanOrEqual(Date.now() + 1);

  const behind = { now: () => (systemClock.now() - DAY_MS) as Millis };
  const clock = createFleetClock(behind, () => redisTime(redis));
  await clock.measure();
  expect(Math.abs(clock.offsetMs() - DAY_MS)).toBeLessThan(1_000);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);

  await own.server.stop();
  await clock.measure();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@sideband/infra/testkit/redis';
import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeBudget } from './budget.suite.ts';
import { createRedisBudget } from './redis-budget.ts';
import { createSharedBudget } from './shared-budget.ts';

const MAIN = 'main' as InstanceName;
let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
});

async function connect(): Promise<Redis> {
  const client = connectRedis(server.url, 'request');
  // A client without a listener throws when its server goes.
  client.on('error', () => undefined);
  await redisReady(client);
  return client;
}

describe('the budget in Redis', () => {
  describeBudget(() => ({
    open: (instance, requestsPerMinute) =>
      createRedisBudget(redis, instance as InstanceName, requestsPerMinute),
    pass: async (milliseconds) => {
      await sleep(milliseconds);
    },
  }));

  test('is one for all collectors, however many ask at once', async () => {
    const other = await connect();
    try {
      const budgets = [createRedisBudget(redis, MAIN, 300), createRedisBudget(other, MAIN, 300)];
      const began = performance.now();
      const takes = Array.from({ length: 100 }, (_, index) => budgets[index % 2]?.take());
      const given = (await Promise.all(takes)).filter((wait) => wait === 0).length;
      expect(given).toBeGreaterThanOrEqual(30);
      expect(given).toBeLessThanOrEqual(30 + Math.ceil((performance.now() - began) / 200));
      await budgets[0]?.hold(60_000);
      expect(await budgets[1]?.take()).toBeGreaterThan(59_000);
    } finally {
      other.disconnect();
    }
  });

  test('leaves nothing behind for good', async () => {
    const budget = createRedisBudget(redis, MAIN, 60);
    await budget.take();
    const key = `${COLLECTOR_PREFIX}:budget:main`;
    expect(await redis.keys('*')).toEqual([key]);
    expect(await redis.pttl(key)).toBeGreaterThan(60_000);
    await budget.hold(3_600_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(3_660_001);
    expect(await redis.pttl(key)).toBeGreaterThan(3_600_000);
  });

  test('that was kept for a smaller rate, or by a clock far ahead, owes no more than everything', async () => {
    await redis.hset(`${COLLECTOR_PREFIX}:budget:main`, 'full', String(Date.now() + 86_400_000));
    expect(await createRedisBudget(redis, MAIN, 60).take()).toBeLessThanOrEqual(1_000);
  });
});

test('while Redis is away each collector has its own budget and says so once; then it is shared again', async () => {
  const own = await startRedis();
  const client = connectRedis(own.url, 'request');
  client.on('error', () => undefined);
  await redisReady(client);
  const messages: string[] = [];
  const log = pino({}, { write: (line) => void messages.push(JSON.parse(line).msg) });
  const clock = new ManualClock(0);
  const budget = createSharedBudget({ redis: client, instance: MAIN, requestsPerMinute: 30, clock, log });
  try {
    expect([await budget.take(), await budget.left()]).toEqual([0, 2]);
    await budget.hold(5_000);
    await own.stop();
    expect(await budget.take()).toBe(5_000);
    clock.advance(5_000);
    expect([await budget.take(), await budget.take(), await budget.take()]).toEqual([0, 0, 0]);
    expect(await budget.take()).toBe(2_000);
    expect(await budget.left()).toBe(0);
    expect(messages).toEqual(['The budget of requests to GitLab is this process’s own for now']);

    const again = await startRedis({ port: own.port });
    try {
      await redisReady(client);
      expect(await budget.take()).toBe(0);
      expect(messages.slice(1)).toEqual(['The budget of requests to GitLab is shared again']);
    } finally {
      await again.stop();
    }
  } finally {
    client.disconnect();
    await own.stop();
  }
});

import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unresolvedSince } from './unresolved-since.ts';

let server: RedisServer;
let redis: Redis;
let forWorkers: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  forWorkers = connectRedis(server.url, 'worker');
  await Promise.all([redisReady(redis), redisReady(forWorkers)]);
});

afterAll(async () => {
  redis.disconnect();
  forWorkers.disconnect();
  await server.stop();
});

it('is the oldest that waits or is in hand, but for the back-fill and for what is tried again later', async () => {
  const queue = new Queue('events', { connection: redis, prefix: '{sb:test}' });
  const now = Date.now();
  const add = (after: number, options = {}) => queue.add('event', {}, { timestamp: now + after, ...options });
  expect(await unresolvedSince(queue)).toBeUndefined();
  await add(1_000, { priority: 1 });
  await add(1_500, { delay: 3_600_000 });
  expect(await unresolvedSince(queue)).toBeUndefined();
  await add(3_000);
  await add(4_000);
  expect(await unresolvedSince(queue)).toBe(now + 3_000);

  const release: (() => void)[] = [];
  const begun: number[] = [];
  const worker = new Worker(
    'events',
    async ({ timestamp }) => {
      begun.push(timestamp - now);
      await new Promise<void>((resolve) => release.push(resolve));
    },
    { connection: forWorkers, prefix: '{sb:test}', concurrency: 2 },
  );
  await until('both to be in hand', async () => begun.length === 2);
  expect(await unresolvedSince(queue)).toBe(now + 3_000);
  for (const end of release.splice(0)) end();
  await until('the one of the back-fill to be in hand', async () => begun.length === 3);
  expect(begun).toEqual([3_000, 4_000, 1_000]);
  expect(await unresolvedSince(queue)).toBeUndefined();
  for (const end of release) end();
  await worker.close();
  await queue.close();
});

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

it('is the oldest that waits or is in hand, but for the back-fill', async () => {
  const queue = new Queue('events', { connection: redis, prefix: '{sb:test}' });
  const now = Date.now();
  const add = (after: number, options = {}) => queue.add('event', {}, { timestamp: now + after, ...options });
  expect(await unresolvedSince(queue)).toBeUndefined();
  await add(1_000, { priority: 1 });
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

it('includes what waits for a limit, wherever it is in the queue', async () => {
  const queue = new Queue('limited', { connection: redis, prefix: '{sb:test}' });
  const now = Date.now();
  await queue.add('event', {}, { timestamp: now + 2_000 });
  await queue.add('event', {}, { timestamp: now + 1_000, delay: 3_600_000 });
  await queue.add('event', {}, { timestamp: now, delay: 3_600_000, priority: 1 });
  expect(await unresolvedSince(queue)).toBe(now + 1_000);
  for (let after = 600; after > 0; after -= 1) await queue.add('event', {}, { timestamp: now + after });
  expect(await unresolvedSince(queue)).toBe(now + 1);
  await queue.close();
});

it('includes what fails again and again if there is more than twenty of it, the back-fill aside', async () => {
  const queue = new Queue('failing', { connection: redis, prefix: '{sb:test}' });
  const now = Date.now();
  const options = { attempts: 2, backoff: 3_600_000 };
  const add = (after: number, more = {}) =>
    queue.add('event', {}, { timestamp: now + after, ...options, ...more });
  const worker = new Worker(
    'failing',
    async () => {
      throw new Error('500');
    },
    { connection: forWorkers, prefix: '{sb:test}' },
  );
  for (let after = 1; after <= 20; after += 1) await add(after);
  for (let after = 1; after <= 5; after += 1) await add(-after, { priority: 1 });
  await until('all to have failed once', async () => (await queue.getDelayedCount()) === 25);
  expect(await unresolvedSince(queue)).toBeUndefined();
  await add(21);
  await until('one more to fail', async () => (await queue.getDelayedCount()) === 26);
  expect(await unresolvedSince(queue)).toBe(now + 1);
  await worker.close();
  await queue.close();
});

import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { ManualClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import { COLLECTOR_PREFIX, resolveQueue } from '@sideband/shared/queues/catalogue';
import { createProducer, type Producer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hookRoute } from './hook-route.ts';

const SECRET = 'the-secret-of-the-hook';
const NOW = Date.UTC(2026, 2, 1, 12);

let server: RedisServer;
let redis: Redis;
let producer: Producer<typeof resolveQueue.jobs>;
let app: FastifyInstance;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  // Reconnecting is what happens in these tests; nobody needs to hear of it.
  redis.on('error', () => {});
  await redisReady(redis);
  producer = createProducer(resolveQueue, { connection: redis, prefix: COLLECTOR_PREFIX });
  app = Fastify();
  await app.register(
    hookRoute({
      instance: 'gitlab.example.com' as InstanceName,
      secret: () => SECRET,
      enqueue: (jobId, event) => producer.add('job-event', event, { jobId }),
      clock: new ManualClock(NOW),
      count: () => undefined,
      log: silentLog(),
    }),
  );
});

afterEach(async () => {
  await app.close();
  await producer.close();
  redis.disconnect();
  await server.stop();
});

async function post(build_id: number, build_status: string): Promise<number> {
  const answer = await app.inject({
    method: 'POST',
    url: '/hooks/gitlab',
    headers: { 'x-gitlab-token': SECRET },
    payload: { object_kind: 'build', build_id, build_status, project_id: 7 },
  });
  return answer.statusCode;
}

test('the same news twice is one job on the queue, as it was first heard', async () => {
  expect(await post(42, 'running')).toBe(202);
  expect(await post(42, 'running')).toBe(202);
  expect(await post(42, 'success')).toBe(202);
  expect(await post(42, 'failed')).toBe(202);

  const jobs = await producer.queue.getJobs(['waiting'], 0, -1, true);
  const event = { instance: 'gitlab.example.com', project: 7, job: 42, receivedAt: NOW };
  expect(jobs.map((job) => [job.name, job.id, job.data])).toEqual([
    ['job-event', 'gitlab.example.com-7-42-running', { ...event, status: 'running' }],
    ['job-event', 'gitlab.example.com-7-42-ended', { ...event, status: 'ended' }],
  ]);
});

test('GitLab hears of a Redis that is gone at once, and of one that is back', async () => {
  await server.stop();
  const startedAt = performance.now();
  expect(await post(42, 'success')).toBe(503);
  expect(performance.now() - startedAt).toBeLessThan(1_500);

  server = await startRedis({ port: server.port });
  await redisReady(redis);
  expect(await post(42, 'success')).toBe(202);
});

test('a Redis that hangs does not make GitLab wait', async () => {
  process.kill(server.pid, 'SIGSTOP');
  try {
    const startedAt = performance.now();
    expect(await post(42, 'success')).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
});

import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { systemClock } from '@sideband/shared/clock';
import { COLLECTOR_PREFIX, resolveQueue } from '@sideband/shared/queues/catalogue';
import { createProducer, type Producer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Answer,
  job,
  MASTER,
  NOW,
  openReceiver,
  post,
  type Receiver,
  type Sending,
} from './hook-fixture.suite.ts';
import { createRedisDeliveries } from './redis-deliveries.ts';

let server: RedisServer;
let redis: Redis;
let producer: Producer<typeof resolveQueue.jobs>;
let receiver: Receiver;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  // Reconnecting is what happens in these tests; nobody needs to hear of it.
  redis.on('error', () => {});
  await redisReady(redis);
  producer = createProducer(resolveQueue, { connection: redis, prefix: COLLECTOR_PREFIX });
  receiver = await openReceiver({
    enqueue: (events) =>
      producer.addAll(
        'job-event',
        events.map(({ id, event }) => ({ payload: event, options: { jobId: id } })),
      ),
    waiting: () => producer.queue.getWaitingCount(),
    deliveries: createRedisDeliveries(redis),
  });
});

afterEach(async () => {
  await receiver.app.close();
  await producer.close();
  redis.disconnect();
  await server.stop();
});

function tell(build_id: number, build_status: string, sending: Sending = {}): Promise<Answer> {
  return post(receiver, { ...job, build_id, build_status }, sending);
}

async function waiting(): Promise<unknown[]> {
  const jobs = await producer.queue.getJobs(['waiting'], 0, -1, true);
  return jobs.map(({ name, id, data }) => [name, id, data]);
}

test('the same news twice is one job on the queue, as it was first heard', async () => {
  expect(await tell(42, 'running')).toEqual([202, 'queued']);
  expect(await tell(42, 'running')).toEqual([202, 'queued']);
  expect(await tell(42, 'success')).toEqual([202, 'queued']);
  expect(await tell(42, 'failed')).toEqual([202, 'queued']);

  const event = { instance: 'gitlab.example.com', project: 7, job: 42, receivedAt: NOW };
  expect(await waiting()).toEqual([
    ['job-event', 'gitlab.example.com-7-42-running', { ...event, status: 'running' }],
    ['job-event', 'gitlab.example.com-7-42-ended', { ...event, status: 'ended' }],
  ]);
});

test('a payload with all details is one that the queue’s own schema takes', async () => {
  const said = {
    build_name: 'test: [a, b]',
    build_created_at: '2026-03-01T11:00:00.000Z',
    build_started_at: '2026-03-01 11:00:10 UTC',
    build_finished_at: '2026-03-01T12:59:00+01:00',
    runner: { id: 5 },
  };
  await post(receiver, { ...job, ...said, build_status: 'success' });
  const [[, , data] = []] = (await waiting()) as unknown[][];
  expect(resolveQueue.jobs['job-event'].payload.parse(data)).toEqual({
    instance: 'gitlab.example.com',
    project: 7,
    job: 42,
    status: 'ended',
    receivedAt: NOW,
    details: {
      name: 'test: [a, b]',
      createdAt: NOW - 3_600_000,
      startedAt: NOW - 3_590_000,
      finishedAt: NOW - 60_000,
      runner: 5,
    },
  });
});

test('a pipeline is on the queue with all its jobs', async () => {
  const builds = Array.from({ length: 500 }, (_, index) => ({ id: index + 1, status: 'pending' }));
  const pipeline = { object_kind: 'pipeline', project: { id: 7 }, builds };
  expect(await post(receiver, pipeline)).toEqual([202, 'queued']);
  expect(await post(receiver, pipeline)).toEqual([202, 'queued']);
  expect(await producer.queue.getWaitingCount()).toBe(500);
});

test('GitLab hears of a Redis that is gone at once, and of one that is back; what was not taken may come again', async () => {
  const signed = { token: null, signedBy: MASTER, id: 'msg-1' };
  await server.stop();
  const startedAt = performance.now();
  expect(await tell(42, 'success', { id: 'msg-1' })).toEqual([503, 'queue-away']);
  expect(await tell(42, 'success', signed)).toEqual([503, 'queue-away']);
  expect(performance.now() - startedAt).toBeLessThan(2_000);

  server = await startRedis({ port: server.port });
  await redisReady(redis);
  expect(await tell(42, 'success', signed)).toEqual([202, 'queued']);
  expect(await tell(42, 'success', signed)).toEqual([401, 'replayed']);
  expect(await tell(42, 'success', { id: 'msg-1' })).toEqual([202, 'duplicate']);
});

test('a Redis that hangs does not make GitLab wait', async () => {
  process.kill(server.pid, 'SIGSTOP');
  try {
    const startedAt = performance.now();
    expect(await tell(42, 'success', { id: 'msg-1' })).toEqual([503, 'queue-away']);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
});

test('a Redis that is full says 503, and nothing is remembered as taken', async () => {
  await redis.config('SET', 'maxmemory', '1');
  expect(await tell(42, 'success', { id: 'msg-1' })).toEqual([503, 'queue-away']);
  await redis.config('SET', 'maxmemory', '0');
  expect(await tell(42, 'success', { id: 'msg-1' })).toEqual([202, 'queued']);
});

test('of collectors that hear the same request at the same time one takes it', async () => {
  const other = await openReceiver({ deliveries: createRedisDeliveries(redis) });
  const signed = { token: null, signedBy: MASTER, id: 'msg-1' };
  const answers = await Promise.all([receiver, other].map((one) => post(one, job, signed)));
  expect(answers.map(([status]) => status).sort()).toEqual([202, 401]);
  await other.app.close();
});

test('while thousands of events wait every hook is answered, and none is lost', async () => {
  const startedAt = systemClock.now();
  const backlog = Array.from({ length: 5_000 }, (_, index) => ({
    payload: { instance: 'x', project: 1, job: index + 1, status: 'ended' as const, receivedAt: startedAt },
  }));
  await producer.addAll('job-event', backlog);
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, index) => tell(index + 1, 'success', { id: `id-${index}` })),
  );
  // inject has no sockets: 256 at a time are let in, the others are told to come again.
  const taken = answers.filter(([status]) => status === 202).length;
  expect(taken).toBeGreaterThanOrEqual(256);
  expect(answers.filter(([status]) => status === 503)).toHaveLength(500 - taken);
  expect(await producer.queue.getWaitingCount()).toBe(5_000 + taken);
  expect(receiver.sheds).toHaveLength(500 - taken);
});

import { freePort, startRedis } from '@sideband/infra/testkit/redis';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import type { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { connectRedis, type RedisRole, redisReady } from '../redis.ts';
import { createProducer, type Producer } from './producer.ts';
import { TOY_PREFIX, toyQueue } from './toy.suite.ts';
import { createWorker } from './worker.ts';

type Toys = typeof toyQueue.jobs;

const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function connect(url: string, role: RedisRole): Redis {
  const client = connectRedis(url, role);
  client.on('error', () => undefined);
  cleanUps.push(() => client.disconnect());
  return client;
}

function produce(connection: Redis): Producer<Toys> {
  const producer = createProducer(toyQueue, { connection, prefix: TOY_PREFIX });
  cleanUps.push(() => producer.close());
  return producer;
}

async function serve(port?: number, directory?: string): ReturnType<typeof startRedis> {
  const options = directory === undefined ? {} : { directory, appendOnly: true };
  const server = await startRedis(port === undefined ? options : { ...options, port });
  cleanUps.push(() => server.stop());
  return server;
}

const sum = { dividend: 6, divisor: 3 };

describe('a producer', () => {
  test('adds jobs under its prefix, with the tries and the bounds of the definition', async () => {
    const server = await serve();
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    const id = await producer.add('divide', sum, { delayMs: 60_000 });
    const job = await producer.queue.getJob(id);
    expect(job).toMatchObject({ name: 'divide', data: sum });
    expect(job?.opts).toMatchObject({
      attempts: 3,
      backoff: { type: 'exponential', delay: 20, jitter: 0.5 },
      delay: 60_000,
      removeOnComplete: { age: 86_400, count: 200 },
      removeOnFail: { age: 604_800, count: 500 },
    });
    for (const key of await connection.keys('*')) expect(key.startsWith('{sb:toy}:toy:')).toBe(true);
  });

  test('a job id is added once, and must leave BullMQ its own', async () => {
    const server = await serve();
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    await producer.add('divide', sum, { jobId: 'gitlab.example-7-1-running' });
    await producer.add('divide', sum, { jobId: 'gitlab.example-7-1-running' });
    expect(await producer.queue.getWaitingCount()).toBe(1);
    for (const jobId of ['a:b', '12', '']) {
      await expect(producer.add('divide', sum, { jobId })).rejects.toThrow(RangeError);
    }
  });

  test('what is for later waits behind all that comes after it', async () => {
    const server = await serve();
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    await producer.addAll('divide', [
      { payload: { dividend: 1, divisor: 1 }, options: { later: true } },
      { payload: { dividend: 2, divisor: 1 }, options: { jobId: 'now' } },
      { payload: { dividend: 2, divisor: 1 }, options: { jobId: 'now' } },
    ]);
    await producer.add('divide', { dividend: 3, divisor: 1 });
    const done: number[] = [];
    const worker = createWorker(
      toyQueue,
      {
        async divide({ dividend }) {
          done.push(dividend);
          return { quotient: dividend };
        },
        once: async (_, { attempt }) => ({ attempt }),
      },
      { connection: connect(server.url, 'worker'), prefix: TOY_PREFIX, log: silentLog() },
    );
    cleanUps.push(() => worker.close());
    await until('all three to be done', async () => done.length === 3);
    expect(done).toEqual([2, 3, 1]);
  });

  test('a schedule said twice is one schedule, and its jobs come', async () => {
    const server = await serve();
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    await producer.schedule('once', 60_000, {});
    await producer.schedule('once', 100, {});
    expect(await producer.queue.getJobSchedulersCount()).toBe(1);
    let runs = 0;
    const handlers = {
      divide: async () => ({ quotient: 0 }),
      once: async () => {
        runs += 1;
        return { attempt: runs };
      },
    };
    const options = { connection: connect(server.url, 'worker'), prefix: TOY_PREFIX, log: silentLog() };
    const worker = createWorker(toyQueue, handlers, options);
    cleanUps.push(() => worker.close());
    await until('three runs', async () => runs >= 3);
  });

  test('a producer made while Redis is away fails at once, and works when Redis comes', async () => {
    const port = await freePort();
    const producer = produce(connect(`redis://127.0.0.1:${port}`, 'request'));
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(producer.add('divide', sum)).rejects.toMatchObject(unavailable);
    await expect(producer.schedule('once', 1_000, {})).rejects.toMatchObject(unavailable);
    await serve(port);
    expect(await until('a job to be taken', () => producer.add('divide', sum))).toBe('1');
  });

  test('a schedule that Redis has lost is put back, and one that is there is left as it is', async () => {
    const server = await serve();
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    await producer.schedule('once', 60_000, {});
    const [first] = await producer.queue.getJobSchedulers();
    await producer.keepScheduled('once', 3_600_000, {});
    expect(await producer.queue.getJobSchedulers()).toEqual([first]);

    await connection.flushall();
    await producer.keepScheduled('once', 60_000, {});
    expect(await producer.queue.getJobSchedulers()).toMatchObject([{ key: 'once', every: 60_000 }]);
  });

  test('when Redis is killed it fails within a second, loses no job it took, and works again', async () => {
    const directory = await temporaryDirectory('producer');
    cleanUps.push(() => directory.remove());
    const server = await serve(undefined, directory.path);
    const connection = connect(server.url, 'request');
    await redisReady(connection);
    const producer = produce(connection);
    const done: number[] = [];
    const taken = [await producer.add('divide', { dividend: 1, divisor: 1 })];

    process.kill(server.pid, 'SIGKILL');
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    for (let i = 0; i < 3; i += 1) {
      const before = performance.now();
      await expect(producer.add('divide', sum)).rejects.toMatchObject(unavailable);
      expect(performance.now() - before).toBeLessThan(1_000);
    }
    await server.stop();

    const again = await serve(server.port, directory.path);
    taken.push(await until('a job to be taken', () => producer.add('divide', { dividend: 2, divisor: 1 })));
    const handlers = {
      divide: async ({ dividend }: { dividend: number }) => {
        done.push(dividend);
        return { quotient: dividend };
      },
      once: async () => ({ attempt: 0 }),
    };
    const options = { connection: connect(again.url, 'worker'), prefix: TOY_PREFIX, log: silentLog() };
    const worker = createWorker(toyQueue, handlers, options);
    cleanUps.push(() => worker.close());
    await until('both jobs to be done', async () => done.length === 2);
    expect(done).toEqual([1, 2]);
    expect(taken).toHaveLength(2);
  });
});

import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SidebandError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { connectRedis, redisReady } from '../redis.ts';
import { type Asker, createAsker } from './ask.ts';
import type { Handlers } from './define.ts';
import { createProducer } from './producer.ts';
import { TOY_PREFIX, toyQueue } from './toy.suite.ts';
import { createWorker, type QueueWorker } from './worker.ts';

type Toys = typeof toyQueue.jobs;

let server: RedisServer;
let request: Redis;
let forWorkers: Redis;
let asker: Asker<Toys>;
let worker: QueueWorker | undefined;

beforeAll(async () => {
  server = await startRedis();
  request = connectRedis(server.url, 'request');
  forWorkers = connectRedis(server.url, 'worker');
  await Promise.all([redisReady(request), redisReady(forWorkers)]);
});

afterAll(async () => {
  request.disconnect();
  forWorkers.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await request.flushall();
  asker = createAsker(toyQueue, { connection: request, prefix: TOY_PREFIX });
});

afterEach(async () => {
  await worker?.close();
  worker = undefined;
  await asker.close();
});

function work(divide: Handlers<Toys>['divide']): void {
  const handlers: Handlers<Toys> = { divide, once: async () => ({ attempt: 0 }) };
  const options = { connection: forWorkers, prefix: TOY_PREFIX, log: silentLog() };
  worker = createWorker(toyQueue, handlers, options);
}

describe('asking for a job', () => {
  const sum = { dividend: 6, divisor: 3 };

  test('gives its result, also when the first try failed', async () => {
    work(async ({ dividend, divisor }, { attempt }) => {
      if (attempt === 1) throw new SidebandError('GITLAB_UNAVAILABLE');
      return { quotient: dividend / divisor };
    });
    expect(await asker.ask('divide', sum, 5_000)).toEqual({ kind: 'done', result: { quotient: 2 } });
  });

  test('says why it failed', async () => {
    work(async () => {
      throw new SidebandError('GITLAB_REFUSED');
    });
    const reason = 'GITLAB_REFUSED: GitLab refused the request';
    expect(await asker.ask('divide', sum, 5_000)).toEqual({ kind: 'failed', reason });
  });

  test('refuses a result of another version', async () => {
    const other = { divide: async () => ({ fraction: '6/3' }) } as unknown as Handlers<Toys>;
    work(other.divide);
    await expect(asker.ask('divide', sum, 5_000)).rejects.toMatchObject({ code: 'JOB_INVALID' });
  });

  test('takes the job back when nobody is there to do it', async () => {
    expect(await asker.ask('divide', sum, 150)).toEqual({ kind: 'unanswered', withdrawn: true });
    const producer = createProducer(toyQueue, { connection: request, prefix: TOY_PREFIX });
    expect(await producer.queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 0 });
    await producer.close();
  });

  test('leaves it with whoever is still at it', async () => {
    let release: () => void = () => undefined;
    work(
      () =>
        new Promise((resolve) => {
          release = () => resolve({ quotient: 0 });
        }),
    );
    expect(await asker.ask('divide', sum, 300)).toEqual({ kind: 'unanswered', withdrawn: false });
    release();
  });
});

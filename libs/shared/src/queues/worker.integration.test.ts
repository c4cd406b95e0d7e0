import { startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ErrorCode, SidebandError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { connectRedis, redisReady } from '../redis.ts';
import type { Handlers } from './define.ts';
import { createProducer, type Producer } from './producer.ts';
import { TOY_PREFIX, toyQueue, withToyRedis } from './toy.suite.ts';
import { createWorker, type QueueWorker } from './worker.ts';

type Toys = typeof toyQueue.jobs;

const redis = withToyRedis();
let producer: Producer<Toys>;
let worker: QueueWorker | undefined;

beforeEach(() => {
  producer = createProducer(toyQueue, { connection: redis.request, prefix: TOY_PREFIX });
});

afterEach(async () => {
  await worker?.close();
  worker = undefined;
  await producer.close();
});

function work(changes: Partial<Handlers<Toys>>, concurrency = 1): void {
  const handlers: Handlers<Toys> = {
    divide: async ({ dividend, divisor }) => ({ quotient: dividend / divisor }),
    once: async (_payload, { attempt }) => ({ attempt }),
    ...changes,
  };
  const options = { connection: redis.forWorkers, prefix: TOY_PREFIX, concurrency, log: silentLog() };
  worker = createWorker(toyQueue, handlers, options);
}

async function ended(id: string): Promise<Job> {
  return until(`job ${id} to end`, async () => {
    const job = await producer.queue.getJob(id);
    return job?.finishedOn !== undefined && job;
  });
}

describe('a queue worker', () => {
  test('hands the payload to the handler and keeps its result', async () => {
    work({});
    const job = await ended(await producer.add('divide', { dividend: 6, divisor: 3 }));
    expect(job.returnvalue).toEqual({ quotient: 2 });
    expect(job.attemptsMade).toBe(1);
  });

  test('a payload it does not understand fails once, without the handler', async () => {
    let handled = 0;
    work({
      divide: async () => {
        handled += 1;
        return { quotient: 0 };
      },
    });
    const added = await producer.queue.add('divide', { dividend: '6' }, { attempts: 5 });
    const job = await ended(String(added.id));
    expect(await job.isFailed()).toBe(true);
    expect(job.failedReason).toMatch(/^JOB_INVALID: /);
    expect(job.attemptsMade).toBe(1);
    expect(handled).toBe(0);
  });

  test.each(['multiply', 'constructor'])('a job named %s has no handler and fails once', async (name) => {
    work({});
    const added = await producer.queue.add(name, {}, { attempts: 5 });
    const job = await ended(String(added.id));
    expect(job.failedReason).toMatch(/^JOB_UNKNOWN: /);
    expect(job.attemptsMade).toBe(1);
  });

  test('what may pass is tried again after a growing pause, and no more often than defined', async () => {
    const starts: number[] = [];
    work({
      divide: async (_payload, { attempt }) => {
        starts.push(performance.now());
        throw new SidebandError('GITLAB_UNAVAILABLE', { attempt });
      },
    });
    const job = await ended(await producer.add('divide', { dividend: 1, divisor: 1 }));
    expect(job.failedReason).toBe('GITLAB_UNAVAILABLE: GitLab did not answer as expected');
    const [first = 0, second = 0, third = 0, ...more] = starts;
    expect(more).toEqual([]);
    expect(second - first).toBeGreaterThanOrEqual(19);
    expect(third - second).toBeGreaterThanOrEqual(39);
  });

  test.each<ErrorCode>(['GITLAB_REFUSED', 'GITLAB_NOT_FOUND'])('%s is not tried again', async (code) => {
    work({
      divide: async () => {
        throw new SidebandError(code);
      },
    });
    const job = await ended(await producer.add('divide', { dividend: 1, divisor: 1 }));
    expect(job.failedReason.startsWith(`${code}: `)).toBe(true);
    expect(job.attemptsMade).toBe(1);
  });

  test('where GitLab asks to wait the queue waits, and the job loses no try', async () => {
    const starts: { at: number; attempt: number }[] = [];
    work({
      once: async (_payload, { attempt }) => {
        starts.push({ at: performance.now(), attempt });
        const code = starts.length === 1 ? 'GITLAB_RATE_LIMITED' : 'GITLAB_UNAVAILABLE';
        if (starts.length <= 2) throw new SidebandError(code, {}, { retryAfterMs: 300 });
        return { attempt };
      },
    });
    const limited = await producer.add('once', {});
    await until('the first try', async () => starts.length > 0);
    const behind = await producer.add('once', {});
    const job = await ended(limited);
    expect(job.returnvalue).toEqual({ attempt: 1 });
    expect(job.attemptsMade).toBe(1);
    expect((await ended(behind)).returnvalue).toEqual({ attempt: 1 });
    expect((starts[2]?.at ?? 0) - (starts[0]?.at ?? 0)).toBeGreaterThanOrEqual(590);
    expect(starts.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('closing waits for the job in hand', async () => {
    let release: () => void = () => undefined;
    let begun = false;
    work({
      once: async (_payload, { attempt }) => {
        begun = true;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return { attempt };
      },
    });
    const id = await producer.add('once', {});
    await until('the job to begin', async () => begun);
    const closing = worker?.close();
    release();
    await closing;
    expect((await producer.queue.getJob(id))?.returnvalue).toEqual({ attempt: 1 });
  });

  test('it goes on when Redis comes back, and can be closed while Redis is away', async () => {
    const own = await startRedis();
    const clients = {
      request: connectRedis(own.url, 'request'),
      worker: connectRedis(own.url, 'worker'),
    };
    for (const client of Object.values(clients)) {
      client.on('error', () => undefined);
      await redisReady(client);
    }
    const toys = createProducer(toyQueue, { connection: clients.request, prefix: TOY_PREFIX });
    const done: number[] = [];
    const handlers: Handlers<Toys> = {
      divide: async ({ dividend }) => {
        done.push(dividend);
        return { quotient: 0 };
      },
      once: async () => ({ attempt: 0 }),
    };
    const options = { connection: clients.worker, prefix: TOY_PREFIX, log: silentLog() };
    const ownWorker = createWorker(toyQueue, handlers, options);
    await toys.add('divide', { dividend: 1, divisor: 1 });
    await until('the first job', async () => done.includes(1));

    await own.stop();
    const again = await startRedis({ port: own.port });
    await until('a job to be taken', () => toys.add('divide', { dividend: 2, divisor: 1 }));
    await until('the second job', async () => done.includes(2), { timeoutMs: 30_000 });

    await again.stop();
    await until('the connection to be lost', async () => clients.worker.status !== 'ready');
    await ownWorker.close();
    await toys.close();
    for (const client of Object.values(clients)) client.disconnect();
    expect(done).toEqual([1, 2]);
  });

  test('it can be closed while Redis takes connections and answers nothing', async () => {
    const own = await startRedis();
    const client = connectRedis(own.url, 'worker');
    client.on('error', () => undefined);
    await redisReady(client);
    const handlers: Handlers<Toys> = {
      divide: async () => ({ quotient: 0 }),
      once: async () => ({ attempt: 0 }),
    };
    const ownWorker = createWorker(toyQueue, handlers, {
      ...{ connection: client, prefix: TOY_PREFIX, log: silentLog() },
    });
    process.kill(own.pid, 'SIGSTOP');
    await expect(ownWorker.close()).resolves.toBeUndefined();
    process.kill(own.pid, 'SIGCONT');
    client.disconnect();
    await own.stop();
  });
});

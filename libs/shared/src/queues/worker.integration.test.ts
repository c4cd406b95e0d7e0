import { startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import type { Job } from 'bullmq';
import { pino } from 'pino';
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
    // Of 20 and 40 ms up to half is left out at random.
    expect(second - first).toBeGreaterThanOrEqual(9);
    expect(third - second).toBeGreaterThanOrEqual(19);
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

  test('where GitLab asks to wait the job waits and loses no try, and those behind it go on', async () => {
    const starts: number[] = [];
    const ends: string[] = [];
    work({
      once: async (_payload, { attempt, jobId }) => {
        if (jobId === 'behind') ends.push(jobId);
        if (jobId === 'behind') return { attempt };
        starts.push(performance.now());
        const code = starts.length === 1 ? 'GITLAB_RATE_LIMITED' : 'GITLAB_UNAVAILABLE';
        if (starts.length <= 2) throw new SidebandError(code, {}, { retryAfterMs: 300 });
        ends.push(jobId);
        return { attempt };
      },
    });
    await producer.add('once', {}, { jobId: 'limited' });
    await producer.add('once', {}, { jobId: 'behind' });
    const job = await ended('limited');
    expect(job.returnvalue).toEqual({ attempt: 1 });
    expect(job.attemptsMade).toBe(1);
    expect((await ended('behind')).returnvalue).toEqual({ attempt: 1 });
    expect(ends).toEqual(['behind', 'limited']);
    const [first = 0, second = 0, third = 0] = starts;
    for (const pause of [second - first, third - second]) expect(pause).toBeGreaterThanOrEqual(295);
  });

  test('tries that were used before the wait stay used', async () => {
    const attempts: number[] = [];
    work({
      divide: async (_payload, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length === 1) throw new SidebandError('GITLAB_UNAVAILABLE');
        if (attempts.length === 2) throw new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 1 });
        return { quotient: 0 };
      },
    });
    const job = await ended(await producer.add('divide', { dividend: 1, divisor: 1 }));
    expect(attempts).toEqual([1, 2, 2]);
    expect(job.attemptsMade).toBe(2);
  });

  test('what was added for later is still behind all others after it has waited', async () => {
    const ends: number[] = [];
    let release: () => void = () => undefined;
    let isLimited = true;
    work({
      divide: async ({ dividend }) => {
        if (dividend === 1 && isLimited) {
          isLimited = false;
          throw new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 100 });
        }
        if (dividend === 0) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        ends.push(dividend);
        return { quotient: 0 };
      },
    });
    const past = await producer.add('divide', { dividend: 1, divisor: 1 }, { later: true });
    await until('it to wait', async () => (await producer.queue.getDelayedCount()) === 1);
    const dueAt = Date.now() + 120;
    await producer.add('divide', { dividend: 0, divisor: 1 });
    await until('the worker to be busy', async () => (await producer.queue.getActiveCount()) === 1);
    await producer.add('divide', { dividend: 2, divisor: 1 });
    await until('the wait to be over', async () => Date.now() > dueAt);
    release();
    await ended(past);
    expect(ends).toEqual([0, 2, 1]);
  });

  test('a pause is logged once, however many jobs wait for it', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    let isLimited = true;
    const handlers: Handlers<Toys> = {
      divide: async () => ({ quotient: 0 }),
      once: async (_payload, { attempt }) => {
        if (isLimited) throw new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 400 });
        return { attempt };
      },
    };
    worker = createWorker(toyQueue, handlers, {
      ...{ connection: redis.forWorkers, prefix: TOY_PREFIX, log },
    });
    const ids = await Promise.all(Array.from({ length: 20 }, () => producer.add('once', {})));
    await until('all to wait', async () => (await producer.queue.getDelayedCount()) === 20);
    isLimited = false;
    for (const id of ids) await ended(id);
    expect(lines.filter((line) => line.includes('Jobs wait for GitLab'))).toHaveLength(1);
  });

  test('a scheduled job that waits for GitLab keeps its id, and the schedule goes on', async () => {
    const starts: string[] = [];
    work({
      once: async (_payload, { jobId, attempt }) => {
        starts.push(jobId);
        if (starts.length === 1) throw new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 700 });
        return { attempt };
      },
    });
    await producer.schedule('once', 200, {});
    await until('the first to have been begun again', async () => {
      const [first] = starts;
      return starts.length > 1 && starts.lastIndexOf(first ?? '') > 0;
    });
    const seen = starts.length;
    await until('the schedule to go on', async () => starts.length >= seen + 2);
    await producer.queue.removeJobScheduler('once');
    const [first, ...others] = starts;
    // Those that came meanwhile did not wait, and nothing ran twice but the one that had to.
    expect(others.indexOf(first ?? '')).toBeGreaterThanOrEqual(2);
    expect(new Set(starts).size).toBe(starts.length - 1);
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

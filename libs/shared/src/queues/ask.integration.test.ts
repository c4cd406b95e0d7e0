import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SidebandError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { type Asker, createAsker } from './ask.ts';
import type { Handlers } from './define.ts';
import { createProducer } from './producer.ts';
import { TOY_PREFIX, toyQueue, withToyRedis } from './toy.suite.ts';
import { createWorker, type QueueWorker } from './worker.ts';

type Toys = typeof toyQueue.jobs;

const redis = withToyRedis();
let asker: Asker<Toys>;
let worker: QueueWorker | undefined;

beforeEach(() => {
  asker = createAsker(toyQueue, { connection: redis.request, prefix: TOY_PREFIX });
});

afterEach(async () => {
  await worker?.close();
  worker = undefined;
  await asker.close();
});

function work(divide: Handlers<Toys>['divide']): void {
  const handlers: Handlers<Toys> = { divide, once: async () => ({ attempt: 0 }) };
  const options = { connection: redis.forWorkers, prefix: TOY_PREFIX, log: silentLog() };
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
    const producer = createProducer(toyQueue, { connection: redis.request, prefix: TOY_PREFIX });
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

import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import { errorText, isSidebandError, SidebandError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { HandlerContext, Handlers, JobDefinitions, QueueDefinition } from './define.ts';

export interface WorkerOptions {
  /** Of the role `worker`. It stays open when the worker closes. */
  readonly connection: Redis;
  readonly prefix: string;
  /** Jobs at a time. */
  readonly concurrency?: number;
  readonly log: Log;
  readonly random?: () => number;
}

export interface QueueWorker {
  /** Waits for the jobs in hand. While Redis is away their results are lost, and they are done again later. */
  close(): Promise<void>;
}

/** GitLab counts its limits by the minute; this is the pause where it does not say. */
const RATE_LIMIT_PAUSE_MS = 60_000;
/** If the limit still holds after this, GitLab says so again. */
const LONGEST_PAUSE_MS = 3_600_000;
/** Of a pause, on top of it: what was sent away together must not come back together. */
const PAUSE_JITTER = 0.2;
/** Redis answers within milliseconds. */
const ANSWER_WITHIN_MS = 2_000;

/**
 * Hands each job to its handler. What can never succeed fails at once; where GitLab asks to wait, the job waits under
 * its id and keeps its tries, while those go on that need no GitLab, or another one; every other failure is tried again
 * as the job's definition says. A failed job's reason begins with the error's code where it has one.
 */
export function createWorker<J extends JobDefinitions>(
  definition: QueueDefinition<J>,
  handlers: Handlers<J>,
  { connection, prefix, concurrency = 1, log, random = Math.random }: WorkerOptions,
): QueueWorker {
  const queue = definition.name;
  const worker = new Worker(queue, processJob, {
    connection,
    prefix,
    concurrency,
    // A job is lost by its worker when the process is killed; BullMQ would give it up at the second time.
    maxStalledCount: 10,
  });
  const inHand = new Set<Promise<unknown>>();
  /** The log has told of waiting until then: thousands of jobs may wait for one limit. */
  let toldUntil = 0;
  worker.on('error', (err) => {
    // While Redis is away every attempt to reach it is an error; whoever made the connection says so once.
    if (connection.status === 'ready') log.warn({ queue, err }, 'Queue worker met an error');
    else log.debug({ queue, err }, 'Queue worker waits for Redis');
  });
  worker.on('stalled', (job) => log.warn({ queue, job }, 'Job was lost by its worker and goes back'));

  async function processJob(job: Job, token?: string): Promise<unknown> {
    const handled = handle(definition, handlers, job);
    inHand.add(handled);
    try {
      return await handled;
    } catch (error) {
      throw await asBullError(error, job, token);
    } finally {
      inHand.delete(handled);
    }
  }

  async function asBullError(error: unknown, job: Job, token: string | undefined): Promise<Error> {
    const about = { queue, name: job.name, job: job.id, attempt: job.attemptsMade + 1, err: error };
    if (isSidebandError(error) && asksToWait(error)) {
      const asked = error.retryAfterMs ?? RATE_LIMIT_PAUSE_MS;
      const pauseMs = Math.min(Math.max(Math.ceil(asked), 1), LONGEST_PAUSE_MS);
      const now = Date.now();
      if (now >= toldUntil) {
        log.info({ ...about, pauseMs }, 'Jobs wait for GitLab');
        toldUntil = now + pauseMs;
      }
      await job.moveToDelayed(now + Math.ceil(pauseMs * (1 + random() * PAUSE_JITTER)), token);
      return new DelayedError();
    }
    const reason = isSidebandError(error)
      ? `${error.code}: ${error.message}`
      : errorText(error).slice(0, 500);
    if (isSidebandError(error) && error.retry !== 'later') {
      log.error(about, 'Job failed and is not tried again');
      return new UnrecoverableError(reason);
    }
    const isLast = about.attempt >= (job.opts.attempts ?? 1);
    if (isLast) log.error(about, 'Job failed for the last time');
    else log.warn(about, 'Job failed and is tried again');
    return new Error(reason);
  }

  return {
    async close() {
      const isAway = !(await answers(connection));
      // BullMQ's orderly close would wait for Redis without end.
      if (isAway) await Promise.allSettled(inHand);
      await worker.close(isAway);
    },
  };
}

/** One that takes connections and answers none would be waited for without end. */
async function answers(connection: Redis): Promise<boolean> {
  if (connection.status !== 'ready') return false;
  const pong = connection.ping().then(
    () => true,
    () => false,
  );
  return await Promise.race([pong, sleep(ANSWER_WITHIN_MS, false, { ref: false })]);
}

/** A limit always means to wait; a GitLab that is overloaded (503) or under maintenance may say for how long. */
function asksToWait({ code, retryAfterMs }: SidebandError): boolean {
  return code === 'GITLAB_RATE_LIMITED' || (code === 'GITLAB_UNAVAILABLE' && retryAfterMs !== undefined);
}

async function handle<J extends JobDefinitions>(
  definition: QueueDefinition<J>,
  handlers: Handlers<J>,
  job: Job,
): Promise<unknown> {
  const name: keyof J & string = job.name;
  const jobDefinition = Object.hasOwn(definition.jobs, name) ? definition.jobs[name] : undefined;
  if (jobDefinition === undefined) throw new SidebandError('JOB_UNKNOWN', { name });
  const payload = z.safeParse(jobDefinition.payload, job.data);
  if (!payload.success) {
    throw new SidebandError('JOB_INVALID', { name, problem: z.prettifyError(payload.error) });
  }
  const context: HandlerContext = { jobId: String(job.id), attempt: job.attemptsMade + 1 };
  const handler = handlers[name] as (payload: unknown, context: HandlerContext) => Promise<unknown>;
  return handler(payload.data, context);
}

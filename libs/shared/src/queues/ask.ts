import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { SidebandError } from '../errors.ts';
import { callRedis } from '../redis-call.ts';
import type { JobDefinitions, PayloadOf, QueueDefinition, ResultOf } from './define.ts';
import { createProducer, type ProducerOptions } from './producer.ts';

export type Answer<R> =
  | { readonly kind: 'done'; readonly result: R }
  /** `reason` begins with an error code where the worker raised one of ours. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Not finished in time. Withdrawn: nobody was at work on it, and now nobody ever will be. */
  | { readonly kind: 'unanswered'; readonly withdrawn: boolean };

export interface Asker<J extends JobDefinitions> {
  /**
   * Adds a job and waits until it has ended, at most `timeoutMs`. Throws `REDIS_UNAVAILABLE`, and `JOB_INVALID`
   * where the result is not what this version expects.
   */
  ask<N extends keyof J & string>(
    name: N,
    payload: PayloadOf<J[N]>,
    timeoutMs: number,
  ): Promise<Answer<ResultOf<J[N]>>>;
  close(): Promise<void>;
}

/** A check of a quiet host takes 20 ms, a reap minutes: the first looks come soon, the later ones seldom. */
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 100;

/**
 * For people and drivers who want a job's result. It looks at the job until it has ended. BullMQ's
 * `waitUntilFinished` would take a connection more for each queue, and leaves an unhandled rejection, the end
 * of a Node process, when Redis goes away just as it begins.
 */
export function createAsker<J extends JobDefinitions>(
  definition: QueueDefinition<J>,
  options: ProducerOptions,
): Asker<J> {
  const producer = createProducer(definition, options);

  async function look<N extends keyof J & string>(
    name: N,
    id: string,
  ): Promise<Answer<ResultOf<J[N]>> | undefined> {
    const job = await callRedis(() => producer.queue.getJob(id));
    if (job?.finishedOn === undefined) return undefined;
    // A job that succeeded at its second try still has the reason of its first.
    if (await callRedis(() => job.isFailed())) return { kind: 'failed', reason: job.failedReason };
    const result = z.safeParse(definition.jobs[name]?.result ?? z.never(), job.returnvalue);
    if (!result.success) {
      throw new SidebandError('JOB_INVALID', { name, problem: z.prettifyError(result.error) });
    }
    return { kind: 'done', result: result.data as ResultOf<J[N]> };
  }

  return {
    async ask(name, payload, timeoutMs) {
      const id = await producer.add(name, payload);
      let pauseMs = FIRST_PAUSE_MS;
      for (let left = timeoutMs; left > 0; left -= pauseMs) {
        const answer = await look(name, id);
        if (answer !== undefined) return answer;
        pauseMs = Math.min(left, LONGEST_PAUSE_MS, pauseMs * 2);
        await sleep(pauseMs);
      }
      const answer = await look(name, id);
      if (answer !== undefined) return answer;
      const removed = await callRedis(() => producer.queue.remove(id));
      return { kind: 'unanswered', withdrawn: removed === 1 };
    },
    close: () => producer.close(),
  };
}

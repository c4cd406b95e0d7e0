import type * as z from 'zod/mini';

/** One kind of job on a queue: what goes in, what comes out, how often it is tried. */
export interface JobDefinition<P = unknown, R = unknown> {
  readonly payload: z.ZodMiniType<P>;
  readonly result: z.ZodMiniType<R>;
  /** Tries in all; 1 means that the next scheduled job is the retry. */
  readonly attempts: number;
  /** First pause between tries; doubles each time. */
  readonly backoffMs: number;
  /** Ended jobs that the queue remembers, so that their ids are not added again; 200 unless told. About 1 kB each. */
  readonly keepCompleted?: number;
}

export type JobDefinitions = Readonly<Record<string, JobDefinition>>;

export interface QueueDefinition<J extends JobDefinitions> {
  readonly name: string;
  readonly jobs: J;
}

export type PayloadOf<D> = D extends JobDefinition<infer P, unknown> ? P : never;
export type ResultOf<D> = D extends JobDefinition<unknown, infer R> ? R : never;

/** A handler for every job of a queue: leave one out and it does not compile. */
export type Handlers<J extends JobDefinitions> = {
  readonly [N in keyof J]: (payload: PayloadOf<J[N]>, context: HandlerContext) => Promise<ResultOf<J[N]>>;
};

export interface HandlerContext {
  readonly jobId: string;
  /** Which try this is, from 1. */
  readonly attempt: number;
}

export function defineQueue<const J extends JobDefinitions>(name: string, jobs: J): QueueDefinition<J> {
  return { name, jobs };
}

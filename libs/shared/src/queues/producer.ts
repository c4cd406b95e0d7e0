import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { SidebandError } from '../errors.ts';
import { callRedis } from '../redis-call.ts';
import type { JobDefinition, JobDefinitions, PayloadOf, QueueDefinition } from './define.ts';

interface AddOptions {
  /** A job with an id that the queue still knows is not added again. No `:` and not only digits. */
  readonly jobId?: string;
  readonly delayMs?: number;
  /** After all jobs that were added without it, whenever those come. */
  readonly later?: boolean;
}

interface Addition<P> {
  readonly payload: P;
  readonly options?: AddOptions;
}

export interface Producer<J extends JobDefinitions> {
  /** Resolves with the job's id once Redis has it. Throws `REDIS_UNAVAILABLE`, at once while Redis is away. */
  add<N extends keyof J & string>(name: N, payload: PayloadOf<J[N]>, options?: AddOptions): Promise<string>;
  /** Several at once, in one request: all of them are added, or none. */
  addAll<N extends keyof J & string>(name: N, additions: readonly Addition<PayloadOf<J[N]>>[]): Promise<void>;
  /** One schedule a job name: saying it again, also from another process, changes the old one. */
  schedule<N extends keyof J & string>(name: N, everyMs: number, payload: PayloadOf<J[N]>): Promise<void>;
  /** The same where the schedule is gone, because Redis lost it while we were connected; else nothing. */
  keepScheduled<N extends keyof J & string>(
    name: N,
    everyMs: number,
    payload: PayloadOf<J[N]>,
  ): Promise<void>;
  close(): Promise<void>;
  /** For the queue board only. */
  readonly queue: Queue;
}

export interface ProducerOptions {
  /** Of the role `request`. It stays open when the producer closes. */
  readonly connection: Redis;
  readonly prefix: string;
}

// A host's check runs every minute: three hours of them, 200 kB in Redis with their events.
const KEEP_COMPLETED_SECONDS = 86_400;
const KEEP_COMPLETED = 200;
const KEEP_FAILED = { age: 7 * 86_400, count: 500 };
const KEEP_EVENTS = 1_000;
/** Any priority at all is behind none. */
const LATER = 1;
/** Of a pause before the next try: what failed together must not come back together. */
const JITTER = 0.5;

export function createProducer<J extends JobDefinitions>(
  definition: QueueDefinition<J>,
  { connection, prefix }: ProducerOptions,
): Producer<J> {
  const queue = new Queue(definition.name, {
    connection,
    prefix,
    // The check is an INFO at the first connection; if that one fails, the queue stays unusable for ever.
    skipVersionCheck: true,
    streams: { events: { maxLen: KEEP_EVENTS } },
  });
  // Who adds a job hears of the failure; BullMQ would print what nobody listens to.
  queue.on('error', () => undefined);

  /** BullMQ waits for the first connection without end, whatever the client says. */
  async function whileReady<T>(call: () => Promise<T>): Promise<T> {
    if (connection.status !== 'ready') {
      throw new SidebandError('REDIS_UNAVAILABLE', { queue: definition.name, connection: connection.status });
    }
    return callRedis(call);
  }

  async function schedule<N extends keyof J & string>(
    name: N,
    everyMs: number,
    payload: PayloadOf<J[N]>,
  ): Promise<void> {
    const opts = jobOptions(definition.jobs[name]);
    await whileReady(() => queue.upsertJobScheduler(name, { every: everyMs }, { name, data: payload, opts }));
  }

  return {
    queue,
    async add(name, payload, options = {}) {
      const opts = addOptions(definition.jobs[name], options);
      const job = await whileReady(() => queue.add(name, payload, opts));
      return String(job.id);
    },
    async addAll(name, additions) {
      if (additions.length === 0) return;
      const jobs = additions.map(({ payload, options = {} }) => ({
        name,
        data: payload,
        opts: addOptions(definition.jobs[name], options),
      }));
      await whileReady(() => queue.addBulk(jobs));
    },
    schedule,
    async keepScheduled(name, everyMs, payload) {
      const known = await whileReady(() => queue.getJobScheduler(name));
      if (!known) await schedule(name, everyMs, payload);
    },
    close: () => queue.close(),
  };
}

function addOptions(job: JobDefinition | undefined, { jobId, delayMs, later }: AddOptions): JobsOptions {
  if (jobId !== undefined && (jobId.includes(':') || /^\d*$/.test(jobId))) {
    throw new RangeError('A job id may neither hold ":" nor be a number: BullMQ keeps those for itself');
  }
  return {
    ...jobOptions(job),
    ...(jobId === undefined ? {} : { jobId }),
    ...(delayMs === undefined ? {} : { delay: delayMs }),
    ...(later === true ? { priority: LATER } : {}),
  };
}

function jobOptions(job: JobDefinition | undefined): JobsOptions {
  return {
    attempts: job?.attempts ?? 1,
    backoff: { type: 'exponential', delay: job?.backoffMs ?? 0, jitter: JITTER },
    removeOnComplete: { age: KEEP_COMPLETED_SECONDS, count: job?.keepCompleted ?? KEEP_COMPLETED },
    removeOnFail: KEEP_FAILED,
    // The log has the stack; one line in Redis is enough for the board.
    stackTraceLimit: 1,
  };
}

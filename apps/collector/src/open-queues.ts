import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName } from '@sideband/shared/names';
import {
  COLLECTOR_PREFIX,
  onboardQueue,
  reconcileQueue,
  type resolveQueue,
  resolveQueueOf,
} from '@sideband/shared/queues/catalogue';
import { createProducer, type Producer } from '@sideband/shared/queues/producer';
import { callRedis } from '@sideband/shared/redis-call';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueueSeen } from './metrics/work-figures.ts';
import type { JobEvent, OnboardEvent, QueuedEvent } from './receive/job-event.ts';
import { unresolvedSince } from './reconcile/unresolved-since.ts';

/** The collector's queues, in the words of those who use them. Everything throws `REDIS_UNAVAILABLE`. */
export interface CollectorQueues {
  readonly reconcile: Producer<(typeof reconcileQueue)['jobs']>;
  /** For the queue board. */
  readonly all: readonly Queue[];
  /** Of one GitLab. */
  enqueueHeard(events: readonly QueuedEvent[]): Promise<void>;
  enqueueLookedUp(jobId: string, event: JobEvent, options?: { readonly priority?: 'later' }): Promise<void>;
  onboardHeard(event: OnboardEvent): Promise<void>;
  requestPoll(jobId: string, delayMs: number): Promise<void>;
  /** Events of one GitLab that wait to be looked up, those of the back-fill aside. */
  waiting(instance: InstanceName): Promise<number>;
  laterWaiting(instance: InstanceName): Promise<number>;
  unresolvedSince(): Promise<Millis | undefined>;
  seen(): Promise<readonly QueueSeen[]>;
  close(): Promise<void>;
}

/** `redis` is of the role `request`. */
export function openQueues(redis: Redis, instances: readonly InstanceName[]): CollectorQueues {
  const producing = { connection: redis, prefix: COLLECTOR_PREFIX };
  const resolving = new Map<string, Producer<(typeof resolveQueue)['jobs']>>(
    instances.map((instance) => [instance, createProducer(resolveQueueOf(instance), producing)]),
  );
  const reconcile = createProducer(reconcileQueue, producing);
  const onboard = createProducer(onboardQueue, producing);
  const resolves = [...resolving.values()].map(({ queue }) => queue);
  const all = [...resolves, reconcile.queue, onboard.queue];

  function resolveOf(instance: string): Producer<(typeof resolveQueue)['jobs']> {
    const resolve = resolving.get(instance);
    if (resolve !== undefined) return resolve;
    throw new SidebandError('JOB_INVALID', { problem: 'no GitLab of this name is configured' });
  }

  return {
    reconcile,
    all,
    async enqueueHeard(events) {
      const [only, ...more] = events;
      if (only === undefined) return;
      const resolve = resolveOf(only.event.instance);
      if (more.length === 0) await resolve.add('job-event', only.event, { jobId: only.id });
      else
        await resolve.addAll(
          'job-event',
          events.map(({ id, event }) => ({ payload: event, options: { jobId: id } })),
        );
    },
    async enqueueLookedUp(jobId, event, { priority } = {}) {
      await resolveOf(event.instance).add('job-event', event, { jobId, later: priority === 'later' });
    },
    async onboardHeard({ id, name, payload }) {
      await onboard.add(name, payload, { jobId: id });
    },
    async requestPoll(jobId, delayMs) {
      await reconcile.add('poll', {}, { jobId, delayMs });
    },
    waiting: (instance) =>
      callRedis(() => resolveOf(instance).queue.getJobCountByTypes('waiting', 'delayed')),
    laterWaiting: (instance) => callRedis(() => resolveOf(instance).queue.getPrioritizedCount()),
    async unresolvedSince() {
      const since = await callRedis(() => Promise.all(resolves.map(unresolvedSince)));
      const known = since.filter((at) => at !== undefined);
      return known.length === 0 ? undefined : (Math.min(...known) as Millis);
    },
    async seen() {
      const counted = all.map(async (queue) => {
        const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
        const { prioritized = 0, ...others } = counts;
        return { queue: queue.name, counts: { ...others, waiting: (others['waiting'] ?? 0) + prioritized } };
      });
      return await callRedis(() => Promise.all(counted));
    },
    async close() {
      const producers = [...resolving.values(), reconcile, onboard];
      await Promise.all(producers.map((producer) => producer.close()));
    },
  };
}

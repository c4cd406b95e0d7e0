import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import type { Log } from '@sideband/shared/log';
import { logConnection } from '@sideband/shared/log-connection';
import { serveMetrics } from '@sideband/shared/metrics-server';
import {
  COLLECTOR_PREFIX,
  onboardQueue,
  reconcileQueue,
  resolveQueueOf,
} from '@sideband/shared/queues/catalogue';
import { createWorker } from '@sideband/shared/queues/worker';
import { connectRedis } from '@sideband/shared/redis';
import { whenRedisIsReady } from '@sideband/shared/when-redis-is-ready';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './admin/access.ts';
import type { RandomBytes } from './admin/password.ts';
import { readAdminSecrets } from './admin/secrets.ts';
import { buildApp } from './app.ts';
import { closeServer } from './close-server.ts';
import type { CollectorConfig } from './config.ts';
import { connectGitLabs } from './connect-gitlabs.ts';
import { hookReceptions } from './hook-receptions.ts';
import { createCollectorMetrics } from './metrics/metrics.ts';
import { createOnboarder } from './onboard/project-events.ts';
import { openQueues } from './open-queues.ts';
import { hookRoutes } from './receive/hook-route.ts';
import { createRedisDeliveries } from './receive/redis-deliveries.ts';
import { SHED_LIMITS } from './receive/shed.ts';
import { createGoneHosts } from './reconcile/gone-hosts.ts';
import { POLL_MEMORY_BOUNDS } from './reconcile/poll-memory.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { createRedisPollMemory } from './reconcile/redis-poll-memory.ts';
import { createConfiguredImages } from './resolve/configuration/create-configured-images.ts';
import { createRedisConfigurationCache } from './resolve/configuration/redis-cache.ts';
import { LEDGER_BOUNDS } from './resolve/ledger.ts';
import { createPlaces } from './resolve/place.ts';
import { createRedisLedger } from './resolve/redis-ledger.ts';
import { createResolver } from './resolve/resolve-job.ts';

interface Surroundings {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Shows an operator the password that was just generated. Nothing else ever will. */
  readonly showPassword: (password: string) => void;
}

export interface Collector {
  /** Not yet listening. */
  readonly app: FastifyInstance;
  /** Takes no more requests and jobs, waits for those in hand, lets go of Redis. */
  close(): Promise<void>;
}

/** Jobs of one GitLab resolved at a time: each waits for GitLab most of its time, and its trace is read as a stream. */
const RESOLVED_AT_A_TIME = 8;
const KEEP_SCHEDULE_MS = 5 * 60_000;

/** The collector with all its parts. Redis need not be there yet: what needs it begins when it comes. */
export async function compose(config: CollectorConfig, surroundings: Surroundings): Promise<Collector> {
  const { clock, random, log, showPassword } = surroundings;
  const request = connectRedis(config.redisUrl(), 'request');
  const blocking = connectRedis(config.redisUrl(), 'worker');
  logConnection(request, 'request', log);
  logConnection(blocking, 'worker', log);
  const closing = new AbortController();

  const instances = config.gitLabs.map(({ instance }) => instance);
  const queues = openQueues(request, instances);
  const metrics = createCollectorMetrics({ instances, queues: queues.seen });
  const asking = connectGitLabs(config.gitLabs, { redis: request, metrics, clock, log });
  const evidence = createRedisEvidenceStore(request, DEFAULT_BOUNDS, log);
  const records = createRedisHostRecords(request, log);
  const ledger = createRedisLedger(request, clock, { ...LEDGER_BOUNDS, lookBackMs: config.lookBackMs });
  const reconciler = createReconciler({
    ...{ gitlabs: asking.gitlabs, evidence, records, ledger, clock, log },
    memory: createRedisPollMemory(request, clock, { ...POLL_MEMORY_BOUNDS, lookBackMs: config.lookBackMs }),
    goneHosts: createGoneHosts(request, clock, log),
    enqueue: queues.enqueueLookedUp,
    ...{ waiting: queues.waiting, laterWaiting: queues.laterWaiting },
    ...{ unresolvedSince: queues.unresolvedSince, requestPoll: queues.requestPoll },
    onPolled: ({ missed, projects }) => metrics.polled({ at: clock.now(), missed, projects }),
    ...{ everyMs: config.reconcileEveryMs, lookBackMs: config.lookBackMs, backFillMs: config.backFillMs },
    wait: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    signal: closing.signal,
  });
  const resolver = createResolver({
    ...{ gitlabs: asking.gitlabs, evidence, ledger, clock, log },
    places: createPlaces(records, clock),
    configuredImages: createConfiguredImages({ cache: createRedisConfigurationCache(request) }),
    wait: sleep,
    onResolved: metrics.jobResolved,
    onLatency: metrics.jobLatency,
  });
  const receptions = hookReceptions(config);
  const onboarder = createOnboarder({
    ...{ admins: asking.admins, targetOf: receptions.targetOf, ledger, log },
  });
  asking.whenBack(() => void reconciler.gap('gitlab-is-back'));

  const working = { connection: blocking, prefix: COLLECTOR_PREFIX, log };
  const workers = [
    ...instances.map((instance) =>
      createWorker(resolveQueueOf(instance), resolver, { ...working, concurrency: RESOLVED_AT_A_TIME }),
    ),
    createWorker(reconcileQueue, reconciler.handlers, working),
    createWorker(onboardQueue, onboarder, working),
  ];

  const access = createAccess(
    () => readAdminSecrets(request, { configured: config.password?.(), random, onGenerated: showPassword }),
    random,
  );
  let hasStarted = false;
  whenRedisIsReady(request, log, async () => {
    await access.load();
    await queues.reconcile.schedule('poll', config.reconcileEveryMs, {});
    await reconciler.gap(hasStarted ? 'redis-is-back' : 'collector-started');
    hasStarted = true;
  });
  // Redis may lose the schedule without losing us: emptied, or restored from an older copy.
  const keeping = setInterval(
    () => {
      queues.reconcile
        .keepScheduled('poll', config.reconcileEveryMs, {})
        .catch((error: unknown) => log.debug({ err: error }, 'The schedule of polls could not be looked at'));
    },
    Math.min(config.reconcileEveryMs, KEEP_SCHEDULE_MS),
  );
  const hook = hookRoutes({
    instances: receptions.instances,
    ...{ enqueue: queues.enqueueHeard, onboard: queues.onboardHeard, waiting: queues.waiting },
    deliveries: createRedisDeliveries(request),
    shedLimits: SHED_LIMITS,
    metrics: {
      ...metrics,
      hookAnswered(source, outcome, seconds) {
        metrics.hookAnswered(source, outcome, seconds);
        if (outcome === 'shed' || outcome === 'queue-away') void reconciler.gap('hooks-were-refused');
      },
    },
    ...{ clock, log },
  });
  const app = await buildApp({
    ...{ access, records, queues: queues.all, redis: request, hook, clock, log },
    pastRead: reconciler.progress,
    proxyDepth: config.proxyDepth,
  });
  const metricsServer = config.metrics && (await serveMetrics(config.metrics, metrics, log));

  return {
    app,
    async close() {
      clearInterval(keeping);
      closing.abort();
      await Promise.all([closeServer(app), ...workers.map((worker) => worker.close())]);
      await Promise.all([queues.close(), asking.close(), metricsServer?.close()]);
      request.disconnect();
      blocking.disconnect();
    },
  };
}

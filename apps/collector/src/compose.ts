import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import type { Log } from '@sideband/shared/log';
import { logConnection } from '@sideband/shared/log-connection';
import { COLLECTOR_PREFIX, reconcileQueue, resolveQueue } from '@sideband/shared/queues/catalogue';
import { createProducer } from '@sideband/shared/queues/producer';
import { createWorker } from '@sideband/shared/queues/worker';
import { connectRedis } from '@sideband/shared/redis';
import { callRedis } from '@sideband/shared/redis-call';
import { whenRedisIsReady } from '@sideband/shared/when-redis-is-ready';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './admin/access.ts';
import type { RandomBytes } from './admin/password.ts';
import { readAdminSecrets } from './admin/secrets.ts';
import { buildApp } from './app.ts';
import { closeServer } from './close-server.ts';
import type { CollectorConfig } from './config.ts';
import { createGitLab } from './gitlab/gitbeaker-gitlab.ts';
import { hookRoute } from './receive/hook-route.ts';
import type { JobEvent } from './receive/job-event.ts';
import { createGoneHosts } from './reconcile/gone-hosts.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { unresolvedSince } from './reconcile/unresolved-since.ts';
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

/** Jobs resolved at a time: each waits for GitLab most of its time, and its trace is read as a stream. */
const RESOLVED_AT_A_TIME = 8;

/** The collector with all its parts. Redis need not be there yet: what needs it begins when it comes. */
export async function compose(config: CollectorConfig, surroundings: Surroundings): Promise<Collector> {
  const { clock, random, log, showPassword } = surroundings;
  const request = connectRedis(config.redisUrl(), 'request');
  const blocking = connectRedis(config.redisUrl(), 'worker');
  logConnection(request, 'request', log);
  logConnection(blocking, 'worker', log);

  const { url, instance, token } = config.gitLab;
  const gitlab = createGitLab({ instance, url, token, log, clock });
  const gitlabs = new Map([[instance, gitlab]]);
  const evidence = createRedisEvidenceStore(request, DEFAULT_BOUNDS, log);
  const records = createRedisHostRecords(request, log);
  const ledger = createRedisLedger(request, clock, { ...LEDGER_BOUNDS, lookBackMs: config.lookBackMs });
  const places = createPlaces(records, clock);

  const producing = { connection: request, prefix: COLLECTOR_PREFIX };
  const resolve = createProducer(resolveQueue, producing);
  const reconcile = createProducer(reconcileQueue, producing);
  const enqueue = (jobId: string, event: JobEvent): Promise<string> =>
    resolve.add('job-event', event, { jobId });
  const resolver = createResolver({ gitlabs, evidence, places, ledger, clock, log, wait: sleep });
  const reconciler = createReconciler({
    ...{ gitlabs, evidence, records, ledger, enqueue, clock, log },
    goneHosts: createGoneHosts(request, clock, log),
    unresolvedSince: () => callRedis(() => unresolvedSince(resolve.queue)),
    lookBackMs: config.lookBackMs,
  });
  const working = { connection: blocking, prefix: COLLECTOR_PREFIX, log };
  const workers = [
    createWorker(resolveQueue, resolver, { ...working, concurrency: RESOLVED_AT_A_TIME }),
    createWorker(reconcileQueue, reconciler, working),
  ];

  const access = createAccess(
    () => readAdminSecrets(request, { configured: config.password?.(), random, onGenerated: showPassword }),
    random,
  );
  whenRedisIsReady(request, log, async () => {
    await access.load();
    await reconcile.schedule('poll', config.reconcileEveryMs, {});
  });
  // Redis may lose the schedule without losing us: emptied, or restored from an older copy.
  const keeping = setInterval(() => {
    reconcile
      .keepScheduled('poll', config.reconcileEveryMs, {})
      .catch((error: unknown) => log.debug({ err: error }, 'The schedule of polls could not be looked at'));
  }, config.reconcileEveryMs);
  const hook = hookRoute({
    instance,
    secret: config.hookSecret,
    enqueue,
    clock,
    log,
    count: (outcome) => log.debug({ outcome }, 'Hook answered'),
  });
  const queues = [resolve.queue, reconcile.queue];
  const app = await buildApp({ access, records, queues, redis: request, hook, clock, log });

  return {
    app,
    async close() {
      clearInterval(keeping);
      await Promise.all([closeServer(app), ...workers.map((worker) => worker.close())]);
      await Promise.all([resolve.close(), reconcile.close()]);
      request.disconnect();
      blocking.disconnect();
    },
  };
}

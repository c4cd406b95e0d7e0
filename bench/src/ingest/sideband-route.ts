import { createCollectorMetrics } from '@sideband/collector/metrics/metrics';
import { openQueues } from '@sideband/collector/open-queues';
import { hookRoutes } from '@sideband/collector/receive/hook-route';
import { createRedisDeliveries } from '@sideband/collector/receive/redis-deliveries';
import { SHED_LIMITS } from '@sideband/collector/receive/shed';
import { systemClock } from '@sideband/shared/clock';
import { createLog } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { FastifyPluginAsync } from 'fastify';
import type { Redis } from 'ioredis';

export const INSTANCE = 'gitlab-bench' as InstanceName;
export const MASTER = 'the-master-secret-of-the-bench';

/** The collector's hook routes, composed as the collector does. */
export function sidebandRoute(redis: Redis): FastifyPluginAsync {
  const queues = openQueues(redis, [INSTANCE]);
  return hookRoutes({
    instances: new Map([[INSTANCE, { masters: () => [MASTER], require: 'either', allow: undefined }]]),
    enqueue: queues.enqueueHeard,
    onboard: queues.onboardHeard,
    waiting: queues.waiting,
    shedLimits: SHED_LIMITS,
    deliveries: createRedisDeliveries(redis),
    metrics: createCollectorMetrics({ instances: [INSTANCE], queues: queues.seen }),
    clock: systemClock,
    log: createLog('collector'),
  });
}

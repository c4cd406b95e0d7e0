import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import { DEFAULT_BOUNDS, type EvidenceStore } from '@sideband/shared/evidence/store';
import type { NameLock } from '@sideband/shared/hosts/lock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { createRedisNameLock } from '@sideband/shared/hosts/redis-name-lock';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import type { Log } from '@sideband/shared/log';
import { logConnection } from '@sideband/shared/log-connection';
import type { HostName } from '@sideband/shared/names';
import { hostQueue, hostQueuePrefix } from '@sideband/shared/queues/catalogue';
import type { Handlers } from '@sideband/shared/queues/define';
import { createProducer } from '@sideband/shared/queues/producer';
import { createWorker } from '@sideband/shared/queues/worker';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { whenRedisIsReady } from '@sideband/shared/when-redis-is-ready';

interface QueueWork {
  /** Puts the schedule of checks back if Redis has lost it. Throws `REDIS_UNAVAILABLE`. */
  keepScheduled(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisSide {
  readonly redis: ReturnType<typeof connectRedis>;
  /** Resolves when Redis is there, or after that long all the same. */
  isReady(withinMs: number): Promise<void>;
  readonly store: EvidenceStore;
  readonly records: HostRecords;
  readonly nameLock: NameLock;
  /** Works on the host's queue and sees to its schedule, also when Redis came back empty. */
  work(handlers: Handlers<typeof hostQueue.jobs>, onReady: () => Promise<void>): QueueWork;
  disconnect(): void;
}

/** All that a reaper has to do with Redis. Nothing here waits for it: it may come later, or go. */
export function openRedisSide(parts: {
  readonly url: string;
  readonly host: HostName;
  readonly checkEveryMs: number;
  readonly log: Log;
}): RedisSide {
  const { url, host, checkEveryMs, log } = parts;
  const redis = connectRedis(url, 'request');
  const blocking = connectRedis(url, 'worker');
  logConnection(redis, 'request', log);
  logConnection(blocking, 'worker', log);
  const prefix = hostQueuePrefix(host);
  return {
    redis,
    isReady: (withinMs) => redisReady(redis, withinMs).catch(() => undefined),
    store: createRedisEvidenceStore(redis, DEFAULT_BOUNDS, log),
    records: createRedisHostRecords(redis, log),
    nameLock: createRedisNameLock(redis),
    work: (handlers, onReady) => {
      const producer = createProducer(hostQueue, { connection: redis, prefix });
      const worker = createWorker(hostQueue, handlers, { connection: blocking, prefix, log });
      const forget = whenRedisIsReady(redis, log, async () => {
        await producer.schedule('check', checkEveryMs, {});
        await onReady();
      });
      return {
        keepScheduled: () => producer.keepScheduled('check', checkEveryMs, {}),
        stop: async () => {
          forget();
          await worker.close();
          await producer.close();
        },
      };
    },
    disconnect: () => {
      redis.disconnect();
      blocking.disconnect();
    },
  };
}

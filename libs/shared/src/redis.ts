import { Redis, type RedisOptions } from 'ioredis';
import { SidebandError } from './errors.ts';

/**
 * - `request`: somebody waits for the answer, so a command fails at once while Redis is away.
 * - `worker`: BullMQ's worker; it waits for Redis for as long as it takes.
 */
export type RedisRole = 'request' | 'worker';

/** The only place that makes a Redis client. Reconnects for ever, at most 5 s apart. */
export function connectRedis(url: string, role: RedisRole): Redis {
  const options = {
    lazyConnect: false,
    // RESP2 shapes for every server from 6.2 on; RESP3 changes what some replies look like.
    protocol: 2 as const,
    retryStrategy: (attempt: number) => Math.min(100 * 2 ** Math.min(attempt, 6), 5_000),
    ...(role === 'worker'
      ? { maxRetriesPerRequest: null }
      : {
          maxRetriesPerRequest: 1,
          enableOfflineQueue: false,
          commandTimeout: 5_000,
          // A server that takes commands and answers none is away: without this every call would wait anew.
          socketTimeout: 4_000,
        }),
  } satisfies RedisOptions;
  return new Redis(parseRedisUrl(url), options);
}

/** Waits for the first `ready`; after that `request` clients fail at once when Redis goes away. */
export async function redisReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', done);
      reject(new SidebandError('REDIS_UNAVAILABLE', { waitedMs: timeoutMs }));
    }, timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', done);
  });
}

function parseRedisUrl(url: string): string {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    // The address may hold a password, so it is not repeated.
    throw new SidebandError('CONFIG_INVALID', {
      setting: 'redis',
      expected: 'redis://host:port or rediss://host:port',
    });
  }
  return url;
}

import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import { silentLog } from '@sideband/shared/log';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { ReadRegistrations } from './run-doctor.ts';

const PATIENCE_MS = 5_000;

/** Asks a Redis which hosts have a reaper. Throws `REDIS_UNAVAILABLE`. */
export const readRegistrations: ReadRegistrations = async (redisUrl) => {
  const redis = connectRedis(redisUrl, 'request');
  // That it is away is said by what is thrown.
  redis.on('error', () => undefined);
  try {
    await redisReady(redis, PATIENCE_MS);
    return await createRedisHostRecords(redis, silentLog()).registrations();
  } finally {
    redis.disconnect();
  }
};

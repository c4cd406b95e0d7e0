import { SidebandError } from '@sideband/shared/errors';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { Redis } from 'ioredis';

// All of Sideband's keys begin so, BullMQ's under its prefixes too.
const OURS = '{sb:*';

/**
 * Takes a Redis that the user named for the time of the demonstration. Throws `CONFIG_INVALID` when it holds keys of
 * a Sideband already: the two would do each other's work. The answer removes what the demonstration left there.
 */
export async function borrowRedis(url: string): Promise<() => Promise<void>> {
  const redis = connectRedis(url, 'request');
  redis.on('error', () => undefined);
  try {
    await redisReady(redis);
    for await (const keys of ourKeys(redis)) {
      if (keys.length === 0) continue;
      throw new SidebandError('CONFIG_INVALID', {
        problems: ['REDIS_URL: it holds the keys of a Sideband; name another'],
      });
    }
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return async () => {
    for await (const keys of ourKeys(redis)) if (keys.length > 0) await redis.unlink(...keys);
    redis.disconnect();
  };
}

function ourKeys(redis: Redis): AsyncIterable<string[]> {
  return redis.scanStream({ match: OURS, count: 1_000 });
}

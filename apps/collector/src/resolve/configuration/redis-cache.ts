import { callRedis } from '@sideband/shared/redis-call';
import type { Redis } from 'ioredis';
import { CACHE_BOUNDS, type CacheBounds, type ConfigurationCache } from './cache.ts';
import { configurationKey } from './configuration-key.ts';
import { formatStored, parseStored } from './stored-configuration.ts';

/** `redis` is of the role `request`. */
export function createRedisConfigurationCache(
  redis: Redis,
  bounds: CacheBounds = CACHE_BOUNDS,
): ConfigurationCache {
  return {
    async get(instance, project, commit) {
      const stored = await callRedis(() => redis.getBuffer(configurationKey(instance, project, commit)));
      return stored === null ? undefined : parseStored(stored);
    },

    async put(instance, project, commit, configuration) {
      const stored = await formatStored(configuration);
      if (stored === undefined || stored.length > bounds.entryBytes) return;
      const key = configurationKey(instance, project, commit);
      const keepMs = typeof configuration === 'string' ? bounds.keepNoneMs : bounds.keepMs;
      await callRedis(() => redis.set(key, stored, 'PX', keepMs));
    },
  };
}

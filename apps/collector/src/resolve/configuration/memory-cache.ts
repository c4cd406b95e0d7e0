import type { Clock } from '@sideband/shared/clock';
import { CACHE_BOUNDS, type CacheBounds, type ConfigurationCache } from './cache.ts';
import { configurationKey } from './configuration-key.ts';
import { formatStored, parseStored } from './stored-configuration.ts';

/** The twin of the Redis cache: the same answers, gone with its process. */
export function createMemoryConfigurationCache(
  clock: Clock,
  bounds: CacheBounds = CACHE_BOUNDS,
): ConfigurationCache {
  const kept = new Map<string, { readonly stored: Buffer; readonly until: number }>();

  return {
    async get(instance, project, commit) {
      const known = kept.get(configurationKey(instance, project, commit));
      return known !== undefined && known.until > clock.now() ? parseStored(known.stored) : undefined;
    },

    async put(instance, project, commit, configuration) {
      const stored = await formatStored(configuration);
      if (stored === undefined || stored.length > bounds.entryBytes) return;
      for (const [key, { until }] of kept) if (until <= clock.now()) kept.delete(key);
      const keepMs = typeof configuration === 'string' ? bounds.keepNoneMs : bounds.keepMs;
      kept.set(configurationKey(instance, project, commit), { stored, until: clock.now() + keepMs });
    },
  };
}

import type { Clock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { hostKeys } from '@sideband/shared/evidence/keys';
import { keepNewestScript } from '@sideband/shared/evidence/lua/keep-newest';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import { type HostName, parseHostName } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';
import { openHostQueue } from '@sideband/shared/queues/open-host-queue';
import { callRedis } from '@sideband/shared/redis-call';
import { defineScript } from '@sideband/shared/redis-script';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

export interface GoneHosts {
  /**
   * Remembers the hosts that are registered now, and removes from Redis what is left of those that were not for
   * seven days: BullMQ's keys never expire by themselves. Throws `REDIS_UNAVAILABLE`.
   */
  sweep(registered: readonly HostName[]): Promise<void>;
}

/** Sorted set: host → when it was last found registered. Newest 50,000; TTL of 90 days. */
const KNOWN_KEY = `${COLLECTOR_PREFIX}:hosts`;
const KNOWN_HOSTS = 50_000;
const KNOWN_MS = 90 * 86_400_000;
/** Among the hosts in that set, when anybody last looked; no host has this name. */
const LOOKED = '*';

/** By then its evidence has expired too. */
const GONE_AFTER_MS = DEFAULT_BOUNDS.idleMs;
/** Nobody looked for this long, so nobody was seen either: the hosts get until the next poll to come back. */
const AWAY_MS = 2 * 86_400_000;
/** A removal takes some ten commands, one after the other. */
const AT_A_TIME = 500;
const BATCH = 250;

// KEYS: what tells that the host is there; then what is deleted if none of that exists.
// ARGV: how many of the former there are. Answers 1 where the host was away.
const FORGET = {
  name: 'sidebandForgetHost',
  lua: `
local signs = tonumber(ARGV[1])
for i = 1, signs do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end
end
for i = signs + 1, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
`,
};

/** `redis` is of the role `request`. */
export function createGoneHosts(redis: Redis, clock: Clock, log: Log): GoneHosts {
  const keepNewest = defineScript(redis, keepNewestScript);
  const forget = defineScript(redis, FORGET);

  async function remember(names: readonly string[], now: number): Promise<void> {
    for (let start = 0; start < names.length; start += BATCH) {
      const members = names.slice(start, start + BATCH).flatMap((name) => [now, name]);
      await keepNewest([KNOWN_KEY], [KNOWN_HOSTS, KNOWN_MS, ...members]);
    }
  }

  async function remove(host: HostName): Promise<void> {
    const { registration, lock, ...others } = hostKeys(host);
    const signs = [registration, lock];
    // It may have come back since we looked: then all that is its own stays.
    if ((await forget([...signs, ...Object.values(others)], [signs.length])) !== 1) return;
    await withQueue(redis, host, async (queue) => {
      await queue.obliterate({ force: true });
      await queue.removeRateLimitKey();
    });
    await callRedis(() => redis.zrem(KNOWN_KEY, host));
    log.info({ host }, 'Host is gone for good: what was left of it is removed');
  }

  return {
    async sweep(registered) {
      const now = clock.now();
      const lookedAt = await callRedis(() => redis.zscore(KNOWN_KEY, LOOKED));
      const missed = await callRedis(() =>
        redis.zrangebyscore(KNOWN_KEY, '-inf', now - GONE_AFTER_MS, 'LIMIT', 0, AT_A_TIME),
      );
      const present = new Set<string>(registered);
      for (const host of hostsIn(missed)) {
        // A removal that was cut short has left its queue paused.
        if (present.has(host)) await withQueue(redis, host, (queue) => queue.resume());
      }
      await remember([...registered, LOOKED], now);
      if (lookedAt === null || now - Number(lookedAt) > AWAY_MS) return;
      for (const host of hostsIn(missed)) if (!present.has(host)) await remove(host);
    },
  };
}

function hostsIn(names: readonly string[]): readonly HostName[] {
  return names.map(parseHostName).flatMap((name) => (name.ok ? [name.value] : []));
}

async function withQueue(redis: Redis, host: HostName, act: (queue: Queue) => Promise<void>): Promise<void> {
  // BullMQ waits for a connection without end, whatever the client says.
  if (redis.status !== 'ready') throw new SidebandError('REDIS_UNAVAILABLE', { connection: redis.status });
  const queue = openHostQueue(redis, host);
  try {
    await callRedis(() => act(queue));
  } finally {
    await queue.close();
  }
}

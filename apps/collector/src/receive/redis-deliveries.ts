import { createHash } from 'node:crypto';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';
import { callRedis } from '@sideband/shared/redis-call';
import { defineScript } from '@sideband/shared/redis-script';
import type { Redis } from 'ioredis';
import { CLAIM_MS, type Claim, type Deliveries, type Delivery, REMEMBERED_MS } from './deliveries.ts';
import { hookPath } from './hook-secret.ts';

// KEYS: the event, the signed request. A second sending of an event that was taken is taken too.
const CLAIM_SIGNED = {
  name: 'sidebandClaimDelivery',
  lua: `
if not redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[1]) then return 'replayed' end
if redis.call('EXISTS', KEYS[1]) == 0 then return 'new' end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'duplicate'
`,
};

/** Two keys of some 110 bytes for each signed hook, one for others. `redis` is of the role `request`. */
export function createRedisDeliveries(redis: Redis): Deliveries {
  const claimSigned = defineScript(redis, CLAIM_SIGNED);

  return {
    async claim(delivery) {
      const keys = keysOf(delivery);
      if (keys.length > 1) return (await claimSigned(keys, [CLAIM_MS, REMEMBERED_MS])) as Claim;
      return (await callRedis(() => redis.exists(...keys))) === 0 ? 'new' : 'duplicate';
    },
    async remember(delivery) {
      const keys = keysOf(delivery);
      await callRedis(() => Promise.all(keys.map((key) => redis.set(key, '', 'PX', REMEMBERED_MS))));
    },
    async release(delivery) {
      const [, request] = keysOf(delivery);
      if (request !== undefined) await callRedis(() => redis.del(request));
    },
  };
}

/** In the slot of the collector's queues. Whatever was sent as an id, a key has one length. */
function keysOf({ address, id, signedSeconds }: Delivery): readonly string[] {
  const event = `${hookPath(address.instance, address.source)}\n${id}`;
  const eventKey = key('hook', event);
  return signedSeconds === undefined
    ? [eventKey]
    : [eventKey, key('hook-request', `${signedSeconds}\n${event}`)];
}

function key(kind: string, text: string): string {
  return `${COLLECTOR_PREFIX}:${kind}:${createHash('sha256').update(text).digest('base64url')}`;
}

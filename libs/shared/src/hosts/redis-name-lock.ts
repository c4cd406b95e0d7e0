import type { Redis } from 'ioredis';
import { hostKeys } from '../evidence/keys.ts';
import { defineScript } from '../redis-script.ts';
import { NAME_LOCK_MS, type NameLock } from './lock.ts';

// KEYS: the lock. ARGV: who wants it, for how many ms. Answers with its holder where that is another.
const HOLD = {
  name: 'sidebandHoldName',
  lua: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`,
};

// KEYS: the lock. ARGV: whose it must be.
const RELEASE = {
  name: 'sidebandReleaseName',
  lua: `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`,
};

/** The lock in Redis. `redis` is of the role `request`: a reaper would rather go on than wait. */
export function createRedisNameLock(redis: Redis): NameLock {
  const hold = defineScript(redis, HOLD);
  const release = defineScript(redis, RELEASE);
  return {
    async hold(host, holder) {
      const other = await hold([hostKeys(host).lock], [holder, NAME_LOCK_MS]);
      return typeof other === 'string' ? { held: false, holder: other } : { held: true };
    },
    async release(host, holder) {
      await release([hostKeys(host).lock], [holder]);
    },
  };
}

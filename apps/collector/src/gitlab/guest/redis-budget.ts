import type { InstanceName } from '@sideband/shared/names';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';
import { defineScript } from '@sideband/shared/redis-script';
import type { Redis } from 'ioredis';
import { type Budget, budgetRate } from './budget.ts';

// One hash: `full`, when all permits will be there again (GCRA's theoretical arrival time), and `held`, until when
// nobody may ask. By Redis's own clock, in milliseconds. Where that was set back, nobody owes more than everything.
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local known = redis.call('HMGET', KEYS[1], 'full', 'held')
local full, held = tonumber(known[1] or 0), tonumber(known[2] or 0)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local owed = math.min(interval * burst, math.max(0, full - now))
local function keep(field, at)
  redis.call('HSET', KEYS[1], field, string.format('%.3f', at))
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(full, held, at) - now) + 60000)
end
`;

const TAKE = {
  name: 'sidebandTakePermit',
  lua: `${PRELUDE}
if held > now then return math.ceil(held - now) end
-- Half a microsecond: Redis counts in whole ones, and a permit must be there when it was said to be.
local wait = owed + interval - interval * burst
if wait > 0.0005 then return math.ceil(wait) end
keep('full', now + owed + interval)
return 0
`,
};

const HOLD = {
  name: 'sidebandHoldPermits',
  lua: `${PRELUDE}
local till = now + tonumber(ARGV[3])
if till > held then keep('held', till) end
return 0
`,
};

const LEFT = {
  name: 'sidebandPermitsLeft',
  lua: `${PRELUDE}
if held > now then return 0 end
return math.floor((interval * burst - owed) / interval)
`,
};

/** One budget for all collectors at this Redis. Throws `REDIS_UNAVAILABLE`. */
export function createRedisBudget(redis: Redis, instance: InstanceName, requestsPerMinute: number): Budget {
  const { intervalMs, burst } = budgetRate(requestsPerMinute);
  const keys = [`${COLLECTOR_PREFIX}:budget:${instance}`];
  const take = defineScript(redis, TAKE);
  const hold = defineScript(redis, HOLD);
  const left = defineScript(redis, LEFT);

  return {
    take: async () => Number(await take(keys, [intervalMs, burst])),
    async hold(milliseconds) {
      await hold(keys, [intervalMs, burst, milliseconds]);
    },
    left: async () => Number(await left(keys, [intervalMs, burst])),
  };
}

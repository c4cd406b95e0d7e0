import type { RedisScript } from '../../redis-script.ts';

/**
 * Removes a job's leases and leaves its tombstone.
 *
 * KEYS: leases, ended. ARGV: job, when it ended, the time before which tombstones go, tombstones kept, their
 * TTL in ms.
 */
export const endJobScript: RedisScript = {
  name: 'sidebandEndJob',
  lua: `
redis.call('ZADD', KEYS[2], 'GT', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[4]))
redis.call('PEXPIRE', KEYS[2], ARGV[5])
local prefix = ARGV[1] .. ' '
for _, lease in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(lease, 1, #prefix) == prefix then redis.call('ZREM', KEYS[1], lease) end
end
`,
};

import type { RedisScript } from '../../redis-script.ts';

/**
 * Adds members to a sorted set, where the later time wins, and keeps the newest.
 *
 * KEYS: the set. ARGV: how many are kept, TTL in ms; for each member its time and its text.
 */
export const keepNewestScript: RedisScript = {
  name: 'sidebandKeepNewest',
  lua: `
for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'GT', ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[1]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
};

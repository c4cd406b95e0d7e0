import type { RedisScript } from '../../redis-script.ts';

/**
 * Sets leases of jobs that have not ended, and keeps the highest scores.
 *
 * KEYS: leases, ended. ARGV: leases kept, idle TTL in ms; for each lease its job, its text and its score.
 */
export const leaseScript: RedisScript = {
  name: 'sidebandLease',
  lua: `
for i = 3, #ARGV, 3 do
  if not redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    redis.call('ZADD', KEYS[1], 'GT', ARGV[i + 2], ARGV[i + 1])
  end
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[1]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
};

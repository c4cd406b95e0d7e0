import type { RedisScript } from '../../redis-script.ts';

/**
 * Removes members whose time has not moved forward since they were read.
 *
 * KEYS: the set. ARGV: for each member the time it was read with, and its text.
 */
export const forgetParkedScript: RedisScript = {
  name: 'sidebandForgetParked',
  lua: `
for i = 1, #ARGV, 2 do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[i + 1])
  if at and tonumber(at) <= tonumber(ARGV[i]) then redis.call('ZREM', KEYS[1], ARGV[i + 1]) end
end
`,
};

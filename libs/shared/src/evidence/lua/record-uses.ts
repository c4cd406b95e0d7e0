import type { RedisScript } from '../../redis-script.ts';

/**
 * Moves last uses forward and adds to the audit, then trims both.
 *
 * KEYS: last, provenance, uses.
 * ARGV: identities kept, uses kept, idle TTL in ms, number of identities; for each its name and last use; for
 * each recorded use its text, time, and `1` if its time lay too far ahead.
 * Answers with how many last uses moved, and how many new recorded uses lay ahead; what was trimmed again at
 * once counts in neither.
 */
export const recordUsesScript: RedisScript = {
  name: 'sidebandRecordUses',
  lua: `
local last, provenance, uses = KEYS[1], KEYS[2], KEYS[3]
local identities = tonumber(ARGV[4])

-- Lua's own < on strings follows the server's locale.
local function bytesAfter(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end

local function parts(entry)
  local at, source, job, rest = string.match(entry, '^(%-?%d+) (%d) (%d+) (.*)$')
  return tonumber(at), tonumber(source), tonumber(job), rest
end

local function isLater(new, old)
  if not old then return true end
  local newAt, newSource, newJob, newRest = parts(new)
  local oldAt, oldSource, oldJob, oldRest = parts(old)
  if not oldAt then return true end
  if newAt ~= oldAt then return newAt > oldAt end
  if newSource ~= oldSource then return newSource > oldSource end
  if newJob ~= oldJob then return newJob > oldJob end
  return bytesAfter(newRest, oldRest)
end

local moved = {}
for i = 5, 4 + 2 * identities, 2 do
  local identity, entry = ARGV[i], ARGV[i + 1]
  if isLater(entry, redis.call('HGET', provenance, identity)) then
    redis.call('HSET', provenance, identity, entry)
    redis.call('ZADD', last, string.match(entry, '^%-?%d+'), identity)
    moved[#moved + 1] = identity
  end
end
local movedCount = #moved
local surplus = redis.call('ZCARD', last) - tonumber(ARGV[1])
if surplus > 0 then
  local gone = redis.call('ZPOPMIN', last, surplus)
  for i = 1, #gone, 2 do redis.call('HDEL', provenance, gone[i]) end
  movedCount = 0
  for _, identity in ipairs(moved) do
    if redis.call('ZSCORE', last, identity) then movedCount = movedCount + 1 end
  end
end

local ahead = {}
for i = 5 + 2 * identities, #ARGV, 3 do
  local changed = redis.call('ZADD', uses, 'GT', 'CH', ARGV[i + 1], ARGV[i])
  if changed == 1 and ARGV[i + 2] == '1' then ahead[#ahead + 1] = ARGV[i] end
end
redis.call('ZREMRANGEBYRANK', uses, 0, -1 - tonumber(ARGV[2]))
local aheadCount = 0
for _, use in ipairs(ahead) do
  if redis.call('ZSCORE', uses, use) then aheadCount = aheadCount + 1 end
end

for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
return { movedCount, aheadCount }
`,
};

"""What Valkey computes: one script for token buckets, one for quota counters, two for the answers that stages keep."""

from __future__ import annotations

# A bucket is a hash: `t` tokens, `u` the server's time in microseconds when they were counted, and for each worker
# that holds a lease `o:<worker>` = "<tokens>:<expires>". Leased tokens still occupy the bucket: what is free plus what is leased
# never exceeds the burst, so that over any time no more than burst + rate × time is admitted.
#
# ARGV: worker, milliseconds a lease is remembered, tokens needed (1, or 0 to give back only),
# then per key: rate, burst, settle (1 when the worker's lease ends now), tokens given back, tokens wanted beyond
# the needed one, share (the greatest part of what is free that one lease may take, as a divisor).
# Answer: per key the tokens leased beyond the needed one, or -1 where there was none; nothing is taken then.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local worker, remembered, need = 'o:' .. ARGV[1], tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
local free, leased, refused, answer = {}, {}, false, {}
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 6
  local rate, burst, settle, back = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3] == '1', tonumber(ARGV[at + 4])
  local state = redis.call('HGETALL', key)
  local tokens, counted, mine, others = burst, now, 0, 0
  for f = 1, #state, 2 do
    local name, value = state[f], state[f + 1]
    if name == 't' then tokens = tonumber(value)
    elseif name == 'u' then counted = tonumber(value)
    else
      local colon = string.find(value, ':')
      if tonumber(string.sub(value, colon + 1)) > now then
        local amount = tonumber(string.sub(value, 1, colon - 1))
        if name == worker then mine = amount else others = others + amount end
      else
        redis.call('HDEL', key, name)
      end
    end
  end
  local passed = math.max(0, now - counted) / 1000000
  tokens = math.min(burst - others - mine, tokens + passed * rate)
  if settle then
    tokens = math.min(burst - others, tokens + math.min(back, mine))
    if mine > 0 then redis.call('HDEL', key, worker) end
    mine = 0
  end
  free[i], leased[i] = tokens, mine
  if need > 0 and tokens < need - 0.000001 then refused = true; answer[i] = -1 else answer[i] = 0 end
end
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 6
  local rate, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if not refused then
    free[i] = free[i] - need
    local extra = math.min(tonumber(ARGV[at + 5]), math.floor(free[i] / tonumber(ARGV[at + 6])))
    if extra > 0 then
      free[i] = free[i] - extra
      answer[i] = extra
      redis.call('HSET', key, worker, string.format('%d:%.0f', leased[i] + extra, now + remembered))
    end
  end
  redis.call('HSET', key, 't', string.format('%.6f', free[i]), 'u', string.format('%.0f', now))
  local full = 60000
  if rate > 0 then full = math.min(86400000, math.ceil((burst - free[i]) / rate * 1000) + 2000) end
  redis.call('PEXPIRE', key, full)
end
return answer
"""

# A counter holds what was granted in a period, leases included.
# ARGV: limit, needed (1 or 0), wanted beyond it, share as above, given back, owed (granted while this store was away),
# known (what the worker last saw, for a store that has lost the counter), epoch milliseconds when it may be forgotten.
# Answer: tokens leased beyond the needed one or -1 when the limit is reached; the counter's value.
GRANT = """
local key = KEYS[1]
local limit, need, want, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local used = tonumber(redis.call('GET', key) or ARGV[7])
used = math.max(0, used - tonumber(ARGV[5]) + tonumber(ARGV[6]))
local extra = -1
if used + need <= limit then
  used = used + need
  extra = math.max(0, math.min(want, math.floor((limit - used) / share)))
  used = used + extra
elseif need == 0 then
  extra = 0
end
redis.call('SET', key, string.format('%.0f', used))
redis.call('PEXPIREAT', key, ARGV[8])
return {extra, used}
"""

FIND_ANSWER = "return redis.call('GET', KEYS[1])"

# KEYS: an answer, and for the whole stage: when each answer passes (a sorted set), how large each is (a hash, with the sum
# under ""). ARGV: the answer, milliseconds until it passes, its size, the most that the stage may keep.
# What has passed, then what passes soonest, makes place.
KEEP_ANSWER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key, ends, sizes = KEYS[1], KEYS[2], KEYS[3]
local ttl, size, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local sum = tonumber(redis.call('HGET', sizes, '') or 0) - tonumber(redis.call('HGET', sizes, key) or 0)
local function drop(name)
  sum = sum - tonumber(redis.call('HGET', sizes, name) or 0)
  redis.call('HDEL', sizes, name)
  redis.call('DEL', name)
end
local passed = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 100)
for _, name in ipairs(passed) do
  if name ~= key then drop(name) end
  redis.call('ZREM', ends, name)
end
while sum + size > most do
  local soonest = redis.call('ZPOPMIN', ends)
  if #soonest == 0 then sum = 0 break end
  if soonest[1] ~= key then drop(soonest[1]) end
end
redis.call('SET', key, ARGV[1], 'PX', ttl)
redis.call('ZADD', ends, now + ttl, key)
redis.call('HSET', sizes, key, size, '', sum + size)
-- The longest that any answer is kept, so that the lists outlive all that they tell of.
redis.call('PEXPIRE', ends, 3700000)
redis.call('PEXPIRE', sizes, 3700000)
return 1
"""

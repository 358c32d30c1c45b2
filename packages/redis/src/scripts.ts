import { createHash } from 'node:crypto'

/** A script that Redis runs as one step. */
export interface Script {
  readonly text: string
  /** The name under which Redis keeps it. */
  readonly sha: string
}

/**
 * One sorted set is one counter: everything about it changes in one step, in one slot, and goes with the last who leaves it.
 * Its scores tell the members apart:
 *
 *     a waiter     below 0         its place in the line, first come lowest
 *     a lease      up to 1e14      when it expires, in ms of Redis's clock
 *     d:<waiter>   1e15 + ms       when its place is given up
 *     limit        4e15 + limit    the last limit told; there exactly while somebody waits
 *
 * A place in the line and a lease are renewed in the same way, so whoever dies, waiting or open, is gone `leaseMs` later.
 */
const COUNTER = `
local LAST_LEASE, GIVEN_UP, LIMIT = 1e14, 1e15, 4e15
local now

-- Redis's clock decides: the clock of a process may be an hour off.
local function readClock()
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What nobody renewed is over, and a free slot never stands beside a line: whoever was first gets it in this same step, so that no
-- newcomer overtakes. The lease keeps the deadline of the place it comes from: where the waiter has died, both are over together.
-- Answers how many are open and how many wait.
local function settle(key, channels, limit)
  redis.call('ZREMRANGEBYSCORE', key, 0, now)
  local told = redis.call('ZSCORE', key, 'limit')
  if not told then return redis.call('ZCARD', key), 0 end
  for _, place in ipairs(redis.call('ZRANGEBYSCORE', key, GIVEN_UP, GIVEN_UP + now)) do
    redis.call('ZREM', key, place, string.sub(place, 3))
  end
  limit = limit or told - LIMIT
  local open = redis.call('ZCOUNT', key, 0, LAST_LEASE)
  local waiting = redis.call('ZCOUNT', key, '-inf', '(0')
  while waiting > 0 and open < limit do
    local first = redis.call('ZRANGE', key, 0, 0)[1]
    local deadline = redis.call('ZSCORE', key, 'd:' .. first) - GIVEN_UP
    redis.call('ZREM', key, 'd:' .. first)
    redis.call('ZADD', key, deadline, first)
    open, waiting = open + 1, waiting - 1
    redis.call('PUBLISH', channels .. string.match(first, '^[^.]+'), first .. ' ' .. open)
  end
  if waiting > 0 then
    redis.call('ZADD', key, LIMIT + limit, 'limit')
  else
    redis.call('ZREM', key, 'limit')
  end
  return open, waiting
end

-- The key outlives every lease in it, those of a process with longer ones too, and is gone soon after if all have died.
local function keep(key, lease, isNew)
  if isNew or redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, 2 * lease) end
end
`

/**
 * What a turn of a process wants. `counters… | channels, lease ms, then for each counter: the limit set or nothing, how many go, their ids…, how
 * many are asked for, then for each of these: id, limit, places in the line` → for each that is asked for: `1 granted, 0 waiting or -1
 * refused`, and how many are open. What has gone already changes nothing, so it can be sent twice.
 */
export const GIVE_AND_TAKE = script(`
readClock()
local channels, lease, at, answers = ARGV[1], tonumber(ARGV[2]), 3, {}

-- Answers whether somebody waits: only then a place in the line, which has a second name, can be among those who go.
local function giveBack(key, first, last)
  redis.call('ZREM', key, unpack(ARGV, first, last))
  local someWait = redis.call('ZSCORE', key, 'limit')
  if someWait then
    for i = first, last do redis.call('ZREM', key, 'd:' .. ARGV[i]) end
  end
  return someWait
end

-- Answers what is told of this one, how many are open and how many wait.
local function take(key, open, waiting, id, limit, places)
  -- Never more leases alive than the limit, and nobody before the line.
  if waiting == 0 and open < limit then
    local added = redis.call('ZADD', key, now + lease, id)
    keep(key, lease, open == 0)
    return 1, open + added, waiting
  end

  -- A client that lost its connection sends again what had been done already: the same place must not be counted twice.
  local score = redis.call('ZSCORE', key, id)
  if score then return tonumber(score) < 0 and 0 or 1, open, waiting end
  if waiting >= places then return -1, open, waiting end

  -- Waiters have the lowest scores: the last of them stands at this rank.
  local last = waiting > 0 and redis.call('ZRANGE', key, waiting - 1, waiting - 1, 'WITHSCORES')[2] or -4e15
  redis.call('ZADD', key, last + 1, id, GIVEN_UP + now + lease, 'd:' .. id, LIMIT + limit, 'limit')
  keep(key, lease)
  return 0, open, waiting + 1
end

for _, key in ipairs(KEYS) do
  local set, going = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local asked = tonumber(ARGV[at + going + 2])
  -- First who goes, so that who comes in the same turn finds the room.
  local someWait = going > 0 and giveBack(key, at + 2, at + going + 1)
  if someWait or set then settle(key, channels, set) end
  at = at + going + 3
  local open, waiting, settledFor
  for i = at, at + 3 * asked - 1, 3 do
    local limit, told = tonumber(ARGV[i + 1])
    if limit ~= settledFor then open, waiting = settle(key, channels, limit) end
    settledFor = limit
    told, open, waiting = take(key, open, waiting, ARGV[i], limit, tonumber(ARGV[i + 2]))
    answers[#answers + 1] = told
    answers[#answers + 1] = open
  end
  at = at + 3 * asked
end
return answers
`)

/**
 * `counters… | channels, lease ms, then for each counter: most, how many ids, ids…` → for each counter: how many are open, and a letter
 * for each id: `o` open, `w` waiting, `a` was not there and is counted again, since fewer than `most` were open, `l` lost.
 */
export const RENEW = script(`
readClock()
local lease, at, answers = tonumber(ARGV[2]), 3, {}
for i, key in ipairs(KEYS) do
  -- Before anything is renewed: a lease that has expired is lost, also where nobody has taken its slot yet.
  local open, waiting = settle(key, ARGV[1])
  local most = tonumber(ARGV[at])
  -- Counted again above any limit are those that Redis itself has lost; everybody else comes after the line.
  if waiting > 0 and most < LAST_LEASE then most = 0 end
  local states = {}
  for j = 1, tonumber(ARGV[at + 1]) do
    local id = ARGV[at + 1 + j]
    local score = tonumber(redis.call('ZSCORE', key, id) or 0)
    if score > 0 then
      redis.call('ZADD', key, now + lease, id)
      states[j] = 'o'
    elseif score < 0 then
      redis.call('ZADD', key, GIVEN_UP + now + lease, 'd:' .. id)
      states[j] = 'w'
    elseif open < most then
      redis.call('ZADD', key, now + lease, id)
      open = open + 1
      states[j] = 'a'
    else
      states[j] = 'l'
    end
  end
  at = at + 2 + #states
  keep(key, lease)
  answers[2 * i - 1], answers[2 * i] = open, table.concat(states)
end
return answers
`)

/** `processes | id, ms` → how many processes live, after this one has said that it does for so long. 0 ms: it ends. */
export const BEAT = script(`
readClock()
local key, lasts = KEYS[1], tonumber(ARGV[2])
redis.call('ZADD', key, now + lasts, ARGV[1])
redis.call('ZREMRANGEBYSCORE', key, 0, now)
if lasts > 0 then redis.call('PEXPIRE', key, 2 * lasts) end
return redis.call('ZCARD', key)
`)

function script(body: string): Script {
  const text = `${COUNTER}${body}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

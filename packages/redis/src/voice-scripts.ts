import { createHash } from 'node:crypto'
import type { Script } from './scripts.js'

/**
 * What the gates of an API say lives under keys of one slot, for an hour after the last of them has looked:
 *
 *     voice     `epoch`: when Redis began to keep this; `said`: how many messages; `ended`: the number of the last `end`; `limits`:
 *               how often limits have changed
 *     said      a stream of the last messages, each with its number for an id
 *     limits    by class `<version>:<limit>`; the version is a moment of Redis's clock, in ms
 *     gates     the names of those who listen, by the moment at which they count as gone
 *
 * A message published wakes whoever listens and holds nothing itself: what was said is read, in order, from the place where one stopped
 * reading. So nothing is lost with a connection, and a gap in the numbers shows what is not kept any more.
 */
const BOOK = `
local KEPT_MS, ALIVE_MS, FRESH_MS = 3600000, 2000, 500
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function exact(number) return string.format('%.3f', number) end

local function keep(keys)
  for _, key in ipairs(keys) do redis.call('PEXPIRE', key, KEPT_MS) end
end

-- A new book where Redis has forgotten the old one: numbers begin anew, and the epoch tells.
local function open(voice, said)
  if redis.call('HEXISTS', voice, 'epoch') == 1 then return end
  redis.call('DEL', said)
  redis.call('HSET', voice, 'epoch', exact(now), 'said', 0, 'ended', 0, 'limits', 0)
end

-- A client that was cut off sends what it had queued when it is back: that happened when it was said, not now.
local function momentOf(given)
  if now - given > FRESH_MS then return given end
  return now
end
`

/**
 * `voice, said, limits, gates | name, epoch, number of the last message read, how often limits had changed` →
 * `[now, epoch, number read up to, more to read, missed, an end missed, messages, how often limits have changed, limits]`
 */
export const HEAR = script(`
local voice, said, limits, gates = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
open(voice, said)
redis.call('ZREMRANGEBYSCORE', gates, '-inf', exact(now))
redis.call('ZADD', gates, exact(now + ALIVE_MS), ARGV[1])
keep(KEYS)
local epoch, last, ended, changes = unpack(redis.call('HMGET', voice, 'epoch', 'said', 'ended', 'limits'))
last = tonumber(last)
local at, messages, missed, endMissed = last, {}, 0, 0
if ARGV[2] == epoch then
  local from = tonumber(ARGV[3])
  if from < last then messages = redis.call('XRANGE', said, string.format('%.0f-0', from + 1), '+', 'COUNT', 100) end
  if from > last then
    missed = 1
  elseif from < last and (not messages[1] or tonumber(messages[1][1]:match('%d+')) ~= from + 1) then
    missed, messages = 1, {}
    if tonumber(ended) > from then endMissed = 1 end
  elseif from < last then
    at = tonumber(messages[#messages][1]:match('%d+'))
  end
elseif ARGV[2] ~= '' then
  missed = 1
end
local told = {}
if changes ~= ARGV[4] or epoch ~= ARGV[2] then told = redis.call('HGETALL', limits) end
return {exact(now), epoch, at, at < last and 1 or 0, missed, endMissed, messages, changes, told}
`)

/**
 * `voice, said, gates | name, when it was said, channel, message, question or nothing, 1 for an end` → the names of those who listen
 */
export const TELL = script(`
local voice, said, gates = KEYS[1], KEYS[2], KEYS[3]
open(voice, said)
local number = redis.call('HINCRBY', voice, 'said', 1)
if ARGV[6] == '1' then redis.call('HSET', voice, 'ended', number) end
redis.call('XADD', said, 'MAXLEN', '~', 10000, number .. '-0', 'by', ARGV[1], 'at', exact(momentOf(tonumber(ARGV[2]))), 'message', ARGV[4], 'question', ARGV[5])
keep({voice, said})
redis.call('PUBLISH', ARGV[3], ARGV[1])
return redis.call('ZRANGEBYSCORE', gates, exact(now), '+inf')
`)

/**
 * `voice, said, limits | name, channel, then for each class: its name, when its limit was set, the limit, 1 where it was never told` →
 * `[now, limits]`: the last who set a class decides
 */
export const SET_LIMITS = script(`
local voice, said, limits = KEYS[1], KEYS[2], KEYS[3]
open(voice, said)
local changed = false
for i = 3, #ARGV, 4 do
  local class, version, limit = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local before = tonumber((redis.call('HGET', limits, class) or '0:'):match('^[^:]+'))
  -- In the order in which they arrive, unless one comes late or was told before.
  if ARGV[i + 3] == '1' and now - version <= FRESH_MS then version = math.max(now, before + 0.001) end
  if version > before then
    redis.call('HSET', limits, class, exact(version) .. ':' .. limit)
    changed = true
  end
end
if changed then
  redis.call('HINCRBY', voice, 'limits', 1)
  redis.call('PUBLISH', ARGV[2], ARGV[1])
end
keep({voice, said, limits})
return {exact(now), redis.call('HGETALL', limits)}
`)

/** `voice, said, limits, gates | name`: it listens no more. The last one leaves nothing behind but limits that were set. */
export const LEAVE = script(`
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', exact(now))
if redis.call('EXISTS', KEYS[4], KEYS[3]) == 0 then redis.call('DEL', KEYS[1], KEYS[2]) end
`)

/** `answers | portion`: for whoever has asked, and soon gone where nobody takes it. */
export const ANSWER = script(`
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], 10000)
`)

/** `answers | from` → the next portions */
export const TAKE_ANSWERS = script(`
return redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[1] + 9)
`)

/** `answers`: nobody waits for more. */
export const DROP_ANSWERS = script(`
redis.call('DEL', KEYS[1])
`)

function script(body: string): Script {
  const text = `${BOOK}${body}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

import { createHash } from 'node:crypto'
import type { Script } from './scripts.js'

/**
 * What every script of the registry knows. All keys of a registry live in one slot, so that an operation is one script, whole or not at all:
 *
 *     format       the version of all this: 1
 *     accounts     a hash by id of `version owner record`; the owner of an account is its partner, or nobody
 *     clients      a hash by id of the same; the owner of a client is its account
 *     digests      a hash by digest: the client that has it
 *     listed       sorted by name: `|account` of every account, and `partner|account`
 *     owned        sorted by name: `account|client`
 *     history      a stream: one entry for each operation, `1-0`, `2-0`, …
 *     history-of   sorted by name: `account|id of an entry`
 *     done         the tokens of the last operations by the ids of their entries
 *
 * Ids are in the letters of `encoded`, which has no bar, brace or space. A record's version is the id of the entry that wrote it last.
 * Nothing but `COMMIT` writes.
 */
const REGISTRY = `
local FORMAT, ACCOUNTS, CLIENTS, DIGESTS, LISTED, OWNED, HISTORY, HISTORY_OF, DONE = unpack(KEYS)

-- Records of a form that a later version has written are neither misread nor damaged.
if (redis.call('GET', FORMAT) or '1') ~= '1' then
  return redis.error_reply('FORMAT the registry was written by a later version of @api-terms/redis')
end

local function ownerIn(text) return string.match(text, '^%d+ (%S*) ') end

-- Whatever an owner has, in order: between the bar and the brace after it nothing else is sorted.
local function namesOf(index, owner, after, limit)
  local from = after and '(' .. owner .. '|' .. after or '[' .. owner .. '|'
  local names = redis.call('ZRANGEBYLEX', index, from, '(' .. owner .. '}', 'LIMIT', 0, limit or -1)
  for i, name in ipairs(names) do names[i] = string.sub(name, #owner + 2) end
  return names
end

local function idText(id) return string.format('%.0f', id) end
local function sortable(id) return string.format('%016.0f', id) end

-- The last entry of the history: its id, its token, and its time, which an entry begins with.
local function lastEntry()
  local entry = redis.call('XREVRANGE', HISTORY, '+', '-', 'COUNT', 1)[1]
  if not entry then return 0, '', '' end
  return tonumber(string.match(entry[1], '^%d+')), entry[2][2], string.match(entry[2][6], '"%$date":"([^"]+)"') or ''
end

-- The records that are needed, and the versions of all that was looked at, what was not there included: as long as these are
-- the same, so is every answer that was given.
local function gathered(needs)
  local accounts, clients, versions, seen = {}, {}, {}, {}
  local function record(from, key, id, into)
    if seen[from .. id] then return nil end
    seen[from .. id] = true
    local text = redis.call('HGET', key, id)
    versions[#versions + 1] = from .. id .. ' ' .. (text and string.match(text, '^%d+') or '')
    if text then into[#into + 1] = text end
    return text
  end
  local function account(id) record('a|', ACCOUNTS, id, accounts) end
  local function client(id)
    local text = record('c|', CLIENTS, id, clients)
    if text then account(ownerIn(text)) end
  end
  for _, id in ipairs(needs.accounts) do account(id) end
  for _, id in ipairs(needs.clients) do client(id) end
  for _, digest in ipairs(needs.digests) do
    local owner = redis.call('HGET', DIGESTS, digest)
    versions[#versions + 1] = 'd|' .. digest .. ' ' .. (owner or '')
    if owner then client(owner) end
  end
  for _, partner in ipairs(needs.partners) do
    for _, id in ipairs(namesOf(LISTED, partner)) do account(id) end
  end
  for _, owner in ipairs(needs.clientsOf) do
    for _, id in ipairs(namesOf(OWNED, owner)) do client(id) end
  end
  return accounts, clients, table.concat(versions, '\\n')
end

local function told(accounts, clients, versions)
  local _, _, time = lastEntry()
  local reply = {'records', versions, time, #accounts}
  for _, text in ipairs(accounts) do reply[#reply + 1] = text end
  for _, text in ipairs(clients) do reply[#reply + 1] = text end
  return reply
end
`

/** `format, accounts, clients, digests | digest` → the client and its account, or nothing. */
export const FIND = script(`
local id = redis.call('HGET', DIGESTS, ARGV[1])
local client = id and redis.call('HGET', CLIENTS, id)
local account = client and redis.call('HGET', ACCOUNTS, ownerIn(client))
if not account then return {} end
return {client, account}
`)

/** `every key | needs` → `records, versions, time of the last entry or nothing, how many accounts, accounts…, clients…` */
export const READ = script(`
return told(gathered(cjson.decode(ARGV[1])))
`)

/** `every key | partner or nobody, after or nothing, how many at most` → accounts */
export const LIST = script(`
local accounts = {}
for i, id in ipairs(namesOf(LISTED, ARGV[1], ARGV[2] ~= '' and ARGV[2], ARGV[3])) do
  accounts[i] = redis.call('HGET', ACCOUNTS, id)
end
return accounts
`)

/** `every key | account or nobody, after, how many at most` → for each entry: id, accounts, entry */
export const PAGE = script(`
local page, after = {}, tonumber(ARGV[2])
local function add(entry)
  page[#page + 1] = string.match(entry[1], '^%d+')
  page[#page + 1] = entry[2][4]
  page[#page + 1] = entry[2][6]
end
if ARGV[1] == '' then
  for _, entry in ipairs(redis.call('XRANGE', HISTORY, idText(after + 1) .. '-0', '+', 'COUNT', ARGV[3])) do add(entry) end
else
  for _, name in ipairs(namesOf(HISTORY_OF, ARGV[1], sortable(after), ARGV[3])) do
    local id = idText(tonumber(name)) .. '-0'
    for _, entry in ipairs(redis.call('XRANGE', HISTORY, id, id)) do add(entry) end
  end
end
return page
`)

/**
 * `every key | id, token, how many at most`: what came after the entry that is known → `since`, then for each: id, token, accounts. Where
 * that entry is not there any more, or is another one, the history is not the one that was known: → `lost`, id and token of the last.
 */
export const SINCE = script(`
local known, found = ARGV[1], {'since'}
local entries = known ~= '' and redis.call('XRANGE', HISTORY, known .. '-0', '+', 'COUNT', ARGV[3] + 1) or {}
local first = entries[1]
local isThere = known == '0' or first and first[1] == known .. '-0' and first[2][2] == ARGV[2]
if not isThere then
  local id, token = lastEntry()
  return {'lost', idText(id), token}
end
for i = known == '0' and 1 or 2, #entries do
  found[#found + 1] = string.match(entries[i][1], '^%d+')
  found[#found + 1] = entries[i][2][2]
  found[#found + 1] = entries[i][2][4]
end
return found
`)

/**
 * `every key | token, needs, versions, change, accounts, entry, channel, time, time of the last entry or nothing`: stores a change, whole or not
 * at all → `done, id of the entry`, or what `READ` answers where the records are not those that the change was decided by, or an entry of a later
 * time has come since. Times are compared as texts, which sort as they do.
 */
export const COMMIT = script(`
local token, needs, change = ARGV[1], cjson.decode(ARGV[2]), cjson.decode(ARGV[4])

-- A client that lost its connection sends again what had been done already.
local before = redis.call('ZSCORE', DONE, token)
if before then return {'done', before} end

local accounts, clients, versions = gathered(needs)
local last, _, lastTime = lastEntry()
local isLater = lastTime > ARGV[8] and lastTime ~= ARGV[9]
if versions ~= ARGV[3] or isLater then return told(accounts, clients, versions) end

-- A script that fails half way has written the first half, so what could fail is found out before: what the keys hold, whether there is memory,
-- by the first command that takes some, and what the user may do, by every command that writes, to every key, in a way that leaves nothing.
local types = {'string', 'hash', 'hash', 'hash', 'zset', 'zset', 'stream', 'zset', 'zset'}
for i, key in ipairs(KEYS) do
  local is = redis.call('TYPE', key).ok
  if is ~= 'none' and is ~= types[i] then return redis.error_reply('WRONGTYPE something else is kept in ' .. key) end
end
redis.call('SET', FORMAT, '1')
for _, key in ipairs({ACCOUNTS, CLIENTS, DIGESTS}) do
  redis.call('HDEL', key, '')
  redis.call('HSET', key, '', '')
  redis.call('HDEL', key, '')
end
for _, key in ipairs({LISTED, OWNED, HISTORY_OF, DONE}) do
  redis.call('ZREM', key, '')
  redis.call('ZADD', key, 'XX', 0, '')
end
redis.call('ZREMRANGEBYRANK', DONE, 0, -10001)

local id = last + 1
redis.call('XADD', HISTORY, idText(id) .. '-0', 'token', token, 'accounts', ARGV[5], 'entry', ARGV[6])
for _, account in ipairs(change.concerns) do redis.call('ZADD', HISTORY_OF, 0, account .. '|' .. sortable(id)) end

-- The lists always say what the records say.
local function take(key, index, name)
  local text = redis.call('HGET', key, name)
  if not text then return end
  redis.call('ZREM', index, ownerIn(text) .. '|' .. name)
  redis.call('HDEL', key, name)
end
local function put(key, index, name, owner, record)
  take(key, index, name)
  redis.call('HSET', key, name, idText(id) .. ' ' .. owner .. ' ' .. record)
  redis.call('ZADD', index, 0, owner .. '|' .. name)
end
for _, digest in ipairs(change.freed) do redis.call('HDEL', DIGESTS, digest) end
for _, name in ipairs(change.removedClients) do take(CLIENTS, OWNED, name) end
for _, name in ipairs(change.removedAccounts) do
  take(ACCOUNTS, LISTED, name)
  redis.call('ZREM', LISTED, '|' .. name)
end
for _, account in ipairs(change.accounts) do
  put(ACCOUNTS, LISTED, account[1], account[2], account[3])
  redis.call('ZADD', LISTED, 0, '|' .. account[1])
end
for _, client in ipairs(change.clients) do
  put(CLIENTS, OWNED, client[1], client[2], client[3])
  for _, digest in ipairs(client[4]) do redis.call('HSET', DIGESTS, digest, client[1]) end
end
-- Last, so that what was not done whole is never taken for done.
redis.call('ZADD', DONE, id, token)
-- Who may not publish leaves it to the others to look for what has changed.
redis.pcall('PUBLISH', ARGV[7], idText(id))
return {'done', idText(id)}
`)

function script(body: string): Script {
  const text = `${REGISTRY}${body}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

import { createHash } from 'node:crypto'
import type { Script } from './scripts.js'

/** How long a batch may come again, in seconds: a process that was away for longer begins anew. */
const REMEMBERED_S = 86_400

const text = `
-- A batch that was sent again, since its answer was lost, is counted once.
if tonumber(redis.call('GET', KEYS[2]) or 0) >= tonumber(ARGV[1]) then return 0 end
for i = 3, #ARGV, 2 do
  local field, amount = ARGV[i], ARGV[i + 1]
  if string.sub(field, -5) ~= '|peak' then
    redis.call('HINCRBY', KEYS[1], field, amount)
  -- Not a sum: the larger one stays.
  elseif tonumber(redis.call('HGET', KEYS[1], field) or 0) < tonumber(amount) then
    redis.call('HSET', KEYS[1], field, amount)
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ${REMEMBERED_S})
return 1
`

/** `usage of an account on a day, last batch of the process | serial, seconds to keep it, field, amount, …` */
export const ADD_USAGE: Script = { text, sha: createHash('sha1').update(text).digest('hex') }

import { createHash } from 'node:crypto'
import type { Script } from './scripts.js'

/** How long entries may come again, in seconds: a process that was away for longer may have some of them twice. */
const REMEMBERED_S = 86_400

const text = `
local last = KEYS[2] and tonumber(redis.call('GET', KEYS[2]) or 0) or 0
for i = 2, #ARGV, 5 do
  local serial = tonumber(ARGV[i])
  -- What was sent again, since its answer was lost or came late, is in the stream already.
  if not serial or serial > last then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*',
      'what', ARGV[i + 1], 'account', ARGV[i + 2], 'reason', ARGV[i + 3], 'entry', ARGV[i + 4])
    last = serial or last
  end
end
-- Renewed for a ledger that is at work, and gone soon after one that is not.
if KEYS[2] and last > 0 then redis.call('SET', KEYS[2], last, 'EX', ${REMEMBERED_S}) end
return 1
`

/** `stream, last entry of the ledger in it, if that is kept | how many the stream keeps, serial or nothing, what, account, reason, entry, serial, …` */
export const APPEND_ENTRIES: Script = { text, sha: createHash('sha1').update(text).digest('hex') }

import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

const HANG_MS = 10_000

/** Opens a WebSocket, talks, and ends it in one of the ways there are. */
export async function talk({ port, key, random }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`, {
    headers: { authorization: `Bearer ${key}` },
  })
  let status
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.on('upgrade', () => (status = 101))
  socket.on('unexpected-response', (request, response) => {
    status = response.statusCode
    response.resume()
    request.destroy()
    socket.terminate()
  })
  socket.on('error', () => {})
  socket.on('open', () => void end(socket, random))
  if (random.chance(0.2)) setTimeout(() => socket.terminate(), random.whole(0, 5))
  const hang = new AbortController()
  const outcome = await Promise.race([
    closed,
    sleep(HANG_MS, 'hangs', { signal: hang.signal }).catch(() => {}),
  ])
  hang.abort()
  if (outcome === 'hangs') throw new Error('a WebSocket hangs')
  return { sent: 1, statuses: status === undefined ? [] : [status] }
}

async function end(socket, random) {
  socket.send('hello')
  await sleep(random.whole(0, 30))
  const how = random.weighted({ close: 3, terminate: 2, reset: 1, killed: 2, kept: 0.2 })
  if (how === 'close') socket.close()
  else if (how === 'terminate') socket.terminate()
  else if (how === 'reset') socket._socket?.resetAndDestroy()
  else if (how === 'killed' && socket.readyState === WebSocket.OPEN) socket.send('die')
}

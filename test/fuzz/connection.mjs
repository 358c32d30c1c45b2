import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The server bounds everything to half a second; this is much more. */
const HANG_MS = 6000

/** Sends what a case says and gathers what comes until the connection is closed; resolves with that, and with its own port. */
export async function run(port, { pieces, leaves, pauseMs }) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const received = []
  let hangs = false
  socket.on('error', () => {})
  socket.on('data', (bytes) => received.push(bytes))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const timer = setTimeout(() => {
    hangs = true
    socket.destroy()
  }, HANG_MS)
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  const { localPort } = socket
  for (const [index, piece] of pieces.entries()) {
    if (socket.destroyed || !socket.writable) break
    if (index > 0) await sleep(pauseMs)
    socket.write(piece)
  }
  if (leaves) {
    await sleep(pauseMs)
    if (pauseMs % 2) socket.resetAndDestroy()
    else socket.destroy()
  }
  await closed
  clearTimeout(timer)
  return { localPort, hangs, text: Buffer.concat(received).toString('latin1') }
}

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Tells whatever is in progress that it has ended: its caller has hung up, or the server is closing. */
export interface HangUps {
  ofResponse(response: ServerResponse): AbortSignal
  ofSocket(socket: Socket): AbortSignal
  /** Ends everything, and at once whatever still begins. */
  all(): void
}

export function createHangUps(): HangUps {
  const open = new Set<AbortController>()
  let closing = false

  const begin = (socket: Socket) => {
    const controller = new AbortController()
    open.add(controller)
    const end = () => {
      stopWatching()
      open.delete(controller)
      controller.abort()
    }
    const stopWatching = whenClosed(socket, end)
    if (closing || socket.destroyed) end()
    return { signal: controller.signal, end }
  }

  return {
    ofSocket: (socket) => begin(socket).signal,
    ofResponse(response) {
      // The socket too: on Node 20 and 22 a pipelined response that never got it does not close.
      const { signal, end } = begin(response.req.socket)
      response.once('close', end)
      return signal
    },
    all() {
      closing = true
      for (const controller of open) controller.abort()
    },
  }
}

/** One listener for a socket, however many requests were pipelined on it. Returns what stops the watching. */
function whenClosed(socket: Socket, end: () => void): () => void {
  let ends = watched.get(socket)
  if (!ends) {
    const all = new Set<() => void>()
    watched.set(socket, (ends = all))
    socket.once('close', () => {
      for (const one of all) one()
    })
  }
  const watching = ends.add(end)
  return () => void watching.delete(end)
}

const watched = new WeakMap<Socket, Set<() => void>>()

import type { Socket } from 'node:net'
import { releaseAll } from './exchange.js'
import { isHttp2, type Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'

/** Calls back when the response is over or its caller gone; returns what ends that. */
export function onceOver(req: Incoming, res: Outgoing, over: () => void): () => void {
  res.on('close', over)
  const unwatch = awaitsSocket(req, res) ? watchSocket(req.socket, over) : undefined
  return () => {
    res.off('close', over)
    unwatch?.()
  }
}

/** Gives all slots of the request back when its response is over. */
export function releaseWhenOver(req: Incoming, res: Outgoing): void {
  res.on('close', releaseOnClose)
  if (!awaitsSocket(req, res)) return
  const unwatch = watchSocket(req.socket, () => releaseAll(req))
  res.on('close', unwatch)
}

/** One function for all responses: nothing is allocated for what happens to each of them. */
function releaseOnClose(this: Outgoing): void {
  releaseAll(this.req)
}

/**
 * A pipelined request whose response has to wait for the one before has no socket yet, and Node 20 and 22 tell such a response
 * nothing when the caller hangs up. Its request's socket knows.
 */
function awaitsSocket(req: Incoming, res: Outgoing): boolean {
  return !isHttp2(req) && !res.socket
}

const WATCHERS = Symbol('api-terms.watchers')

interface Watched extends Socket {
  [WATCHERS]?: Set<() => void>
}

/** One listener per socket, however many requests wait on it, and none once none waits. */
function watchSocket(socket: Watched, closed: () => void): () => void {
  let watchers = socket[WATCHERS]
  if (!watchers) {
    socket[WATCHERS] = watchers = new Set()
    socket.on('close', tellWatchers)
  }
  watchers.add(closed)
  return () => {
    if (!watchers.delete(closed) || watchers.size > 0) return
    socket.off('close', tellWatchers)
    delete socket[WATCHERS]
  }
}

function tellWatchers(this: Watched): void {
  for (const closed of [...(this[WATCHERS] ?? [])]) closed()
}

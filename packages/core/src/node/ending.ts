import type { Socket } from 'node:net'
import { carriedBy, isSending, type Carried, type Exchange } from './exchange.js'
import type { Outgoing } from './outgoing.js'

/** Calls back when the response is over or its caller gone; returns what ends that. */
export function onceOver({ res, socket }: Exchange, over: () => void): () => void {
  res.on('close', over)
  const unwatch = socket && awaitsSocket(res, socket) ? watchSocket(socket, over) : undefined
  return () => {
    res.off('close', over)
    unwatch?.()
  }
}

/** One function for all responses, as a listener of their `close`: nothing is allocated for what happens to each of them. */
export function releaseOnClose(this: Outgoing): void {
  const carried = carriedBy(this.req) as Exchange | undefined
  const mark = carried?.mark
  mark?.end(this)
  releaseAll(carried)
  mark?.passOn()
}

/** Gives all slots of the request back when its socket closes, where its response would not be told. */
export function releaseWithSocket({ res, socket }: Exchange): void {
  if (!socket || !awaitsSocket(res, socket)) return
  const unwatch = watchSocket(socket, () => releaseAll(carriedBy(res.req)))
  res.on('close', unwatch)
}

/** The response is over: whatever gates have admitted the request give its slots back. */
function releaseAll(innermost: Carried | undefined): void {
  for (let carried = innermost; carried; carried = carried.outer) carried.admission?.release()
}

/**
 * A pipelined request whose response has to wait for the one before has no socket yet, and Node 20 and 22 tell such a response
 * nothing when the caller hangs up. Its request's socket knows.
 */
function awaitsSocket(res: Outgoing, socket: Socket): boolean {
  return !isSending(socket, res) && !res.socket
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

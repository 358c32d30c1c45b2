import type { AddressInfo, Server, Socket } from 'node:net'
import type { Gate } from '@api-terms/core'
import type { Fields, Handlers } from './handlers.js'

/**
 * Where the gate stands in the app: before everything; at `/v1`; in an app at `/v1` of its own; behind a middleware that rewrites the
 * target; at two places, both on the way of a request; nowhere.
 */
export type Mount = 'everywhere' | 'prefix' | 'nested' | 'rewritten' | 'twice' | 'nowhere'

/** How the app is put together around the gate. */
export interface Setup {
  readonly mount?: Mount
  /** Fields that a middleware before the gate sets. */
  readonly before?: Fields
  /** What a middleware before the gate waits for. */
  readonly awaits?: () => Promise<void>
  /** Whether the framework believes the fields of a proxy. */
  readonly trustProxy?: boolean
  /** A second gate behind the first. */
  readonly inner?: Gate
}

/** A kind of server that the gate stands in. */
export interface Subject {
  readonly name: string
  readonly framework: 'express' | 'koa' | 'node'
  readonly http2: boolean
  readonly mounts: readonly Mount[]
  /** Builds the app around the gate. */
  build(gate: Gate, handlers: Handlers, setup: Setup): Server
}

/** An app that listens. */
export interface Running {
  readonly subject: Subject
  readonly gate: Gate
  readonly server: Server
  readonly port: number
  /** The sockets of those who are connected. */
  readonly sockets: ReadonlySet<Socket>
}

/** Listens with an app on a free port of the loopback. */
export async function listen(
  subject: Subject,
  gate: Gate,
  handlers: Handlers,
  setup: Setup = {},
): Promise<Running> {
  const server = subject.build(gate, handlers, setup)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { subject, gate, server, port: (server.address() as AddressInfo).port, sockets }
}

/** Stops listening, and cuts off whoever is still connected. */
export async function close({ server, sockets, gate }: Running): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  await gate.close()
  for (const socket of sockets) socket.destroy()
  await closed
}

import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { Admission } from '../admission.js'
import type { Carrier } from '../carrier.js'
import type { Gate } from '../gate.js'
import { isPending } from '../pending.js'
import type { Refusal } from '../refusal.js'
import { carry, type Carried } from './exchange.js'
import { readIncoming } from './incoming.js'
import { socketProgress } from './progress.js'

/** What takes over an admitted upgrade, e.g. `handleUpgrade` of `ws`. */
export type UpgradeHandler = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  admission: Admission,
) => void

/**
 * Puts the gate before the upgrades of a server: WebSockets reach no middleware. Who is admitted holds its connection until the
 * socket closes; who is refused gets a full HTTP response. Every upgrade of the server comes here: attach no other `upgrade`
 * listener (`noServer: true` for `ws`).
 *
 * @returns what takes the gate away again; open sockets stay counted.
 */
export function guardUpgrades(gate: Gate, server: Server, onUpgrade: UpgradeHandler): () => void {
  const listener = (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    guardUpgrade(gate, req, socket, head, onUpgrade).catch((cause: unknown) => socket.destroy(asError(cause)))
  }
  server.on('upgrade', listener)
  return () => void server.off('upgrade', listener)
}

async function guardUpgrade(
  gate: Gate,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onUpgrade: UpgradeHandler,
): Promise<void> {
  // Node has taken its own listener off: an error of the socket would end the process.
  socket.on('error', ignore)
  let outcome = gate.decide(readIncoming(req))
  if (isPending(outcome)) {
    const pending = outcome
    const leave = () => pending.leave()
    socket.on('close', leave)
    outcome = await pending.answer
    socket.off('close', leave)
  }
  if (socket.destroyed) return outcome.admitted ? outcome.release() : undefined
  if (!outcome.admitted) return refuseUpgrade(socket, req, outcome)
  const admission = outcome
  carry(req, new Upgraded(gate, admission, socket))
  socket.on('close', () => admission.release())
  onUpgrade(req, socket, head, admission)
}

class Upgraded implements Carrier, Carried {
  readonly outer = undefined

  constructor(
    readonly gate: Gate,
    readonly admission: Admission,
    private readonly socket: Duplex,
  ) {
    admission.carriedBy(this)
  }

  end(): void {
    this.socket.destroy()
  }

  progress(): number | undefined {
    return socketProgress(this.socket as Socket)
  }
}

function refuseUpgrade(socket: Duplex, req: IncomingMessage, refusal: Refusal): void {
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`]
  for (const [name, value] of Object.entries(refusal.headers)) {
    for (const line of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${line}`)
  }
  lines.push(
    `Date: ${new Date().toUTCString()}`,
    `Content-Length: ${Buffer.byteLength(refusal.body)}`,
    'Connection: close',
  )
  socket.on('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${req.method === 'HEAD' ? '' : refusal.body}`)
}

function ignore(): void {}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}

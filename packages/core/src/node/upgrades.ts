import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { Admission } from '../admission.js'
import type { Carrier, Traffic } from '../carrier.js'
import { checkGiven, isFunction, type Check } from '../checked.js'
import type { Gate } from '../gate.js'
import { checkGate } from '../given-gate.js'
import { isPending, type Pending } from '../pending.js'
import type { Refusal } from '../refusal.js'
import type { Outcome } from '../admission.js'
import { cutOff, isGone } from './cut-off.js'
import { answerOn, carry, type Carried } from './exchange.js'
import { readIncoming } from './incoming.js'
import { socketProgress } from './progress.js'
import { linesOf } from './refuse.js'
import { stampSwitch } from './switching.js'
import { markOf, type Mark } from './traffic.js'
import { asGuard } from './unguarded.js'

/** What takes over an admitted upgrade, e.g. `handleUpgrade` of `ws`. Where it throws or rejects, the socket is closed. */
export type UpgradeHandler = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  admission: Admission,
) => unknown

/**
 * Puts the gate before the upgrades of a server: WebSockets reach no middleware. Who is admitted holds its connection until the
 * socket closes, and the head that switches protocols is stamped; who is refused gets a full HTTP response. Every upgrade of the server comes here: attach no other `upgrade`
 * listener (`noServer: true` for `ws`).
 *
 * @returns what takes the gate away again; open sockets stay counted.
 * @throws OptionsError where it is given no gate, no server or no handler
 */
export function guardUpgrades(gate: Gate, server: Server, onUpgrade: UpgradeHandler): () => void {
  checkGate(gate, 'decide')
  checkGiven('server', isServer, server)
  checkGiven('onUpgrade', isFunction, onUpgrade)
  const listener = asGuard((req: IncomingMessage, socket: Duplex, head: Buffer) => {
    guardUpgrade(gate, req, socket, head, onUpgrade).catch((cause: unknown) => {
      socket.destroy()
      gate.warn('upgrade-failed', 'what takes over upgrades threw: the socket is closed', cause)
    })
  })
  server.on('upgrade', listener)
  return () => void server.off('upgrade', listener)
}

/** An app is none: it is a handler of its server's. */
const isServer: Check = [
  (given) => typeof (given as Server | null | undefined)?.on === 'function' && typeof given !== 'function',
  'a server: what createServer() or app.listen() answers with',
]

async function guardUpgrade(
  gate: Gate,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onUpgrade: UpgradeHandler,
): Promise<void> {
  // Node has taken its own listener off: an error of the socket would end the process.
  socket.on('error', ignore)
  if (answerOn(socket) && !(await isInTurn(socket))) return void socket.destroy()
  const mark = gate.measuring ? markOf(socket as Socket) : undefined
  const decision = gate.decide(readIncoming(req))
  const early: Buffer[] = []
  const outcome = isPending(decision) ? await answerOf(decision, socket, early) : decision
  if (isGone(socket) || socket.readableEnded) {
    if (outcome.admitted) outcome.release()
    return void socket.destroy()
  }
  if (!outcome.admitted) return refuseUpgrade(socket, req, outcome)
  carry(req, new Upgraded(outcome, socket, mark))
  // Ended between its admission and now: it has just been cut off.
  if (isGone(socket)) return
  socket.on('close', () => outcome.release())
  stampSwitch(socket, outcome)
  await onUpgrade(req, socket, early.length > 0 ? Buffer.concat([head, ...early]) : head, outcome)
}

/**
 * RFC 9112 §9.3.2: answers go out in the order of requests. Those before it that have been given are waited for; one that is owed still is not,
 * since nobody reads the socket any more.
 */
async function isInTurn(socket: Duplex): Promise<boolean> {
  for (let before = answerOn(socket); before && !socket.destroyed; before = answerOn(socket)) {
    if (!before.writableEnded) return false
    const gone = before
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => gone.once('close', resolve))
  }
  return true
}

/** So much of what comes while an upgrade is decided is taken in; the rest waits with the peer. */
const MOST_EARLY_BYTES = 65_536

/**
 * Waits for the decision, or until the caller hangs up. Nobody reads the socket meanwhile, and who does not read does not hear of
 * the end: so what comes is read here, and goes to the handler with the head.
 */
async function answerOf(pending: Pending<Outcome>, socket: Duplex, early: Buffer[]): Promise<Outcome> {
  let bytes = 0
  const keep = (chunk: Buffer) => {
    early.push(chunk)
    if ((bytes += chunk.length) >= MOST_EARLY_BYTES) socket.pause()
  }
  const leave = () => pending.leave()
  socket.on('close', leave).on('end', leave).on('data', keep)
  const outcome = await pending.answer
  socket.off('close', leave).off('end', leave).off('data', keep)
  // As Node handed it over: it neither flows on, nor is it paused on purpose, and so starts when the handler listens.
  ;(socket as { readableFlowing: boolean | null }).readableFlowing = null
  return outcome
}

class Upgraded implements Carrier, Carried {
  readonly outer = undefined

  constructor(
    readonly admission: Admission,
    private readonly socket: Duplex,
    private readonly mark: Mark | undefined,
  ) {
    admission.carriedBy(this)
  }

  end(): void {
    cutOff(this.socket)
  }

  progress(): number | undefined {
    return socketProgress(this.socket as Socket)
  }

  traffic(): Traffic | undefined {
    return this.mark?.takenBy()
  }
}

function refuseUpgrade(socket: Duplex, req: IncomingMessage, refusal: Refusal): void {
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `${linesOf(refusal)}Date: ${new Date().toUTCString()}`,
    `Content-Length: ${refusal.bodyBytes}`,
    'Connection: close',
  ].join('\r\n')
  socket.on('finish', () => socket.destroy())
  socket.end(`${head}\r\n\r\n${req.method === 'HEAD' ? '' : refusal.body}`)
}

function ignore(): void {}

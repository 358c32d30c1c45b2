import { completeClock, type CompleteClock } from '../clock.js'
import type { MisuseEvent, WarningEvent } from '../events.js'
import type { Followable, FollowedConnection, FollowedRefusal } from '../followers.js'
import { checkGate } from '../given-gate.js'
import { nameInProcess, nameOfProcess } from '../process-name.js'
import { withoutKeys } from '../without-keys.js'
import { decisionOfEnd, decisionOfRefusal, decisionOfSign, decisionOfWarning, present } from './decisions.js'
import type { Decision, LedgerEntry, LedgerSink } from './entry.js'
import { Floods } from './floods.js'
import type { Ledger, LedgerOptions } from './ledger.js'
import { decisionOfOperation, type Operations } from './operations.js'
import { SinkQueue, TO_A_FUNCTION, TO_A_SINK } from './sink-queue.js'

/** For how long what waits is written as the ledger is closed. */
const CLOSE_MS = 5000

/** A ledger at work: what gates and registries tell it becomes entries, and each sink's queue has them. */
export class LiveLedger implements Ledger {
  readonly #process = nameOfProcess()
  readonly #name = nameInProcess('ledger')
  readonly #clock: CompleteClock
  readonly #windowMs: number
  readonly #floods: Floods
  readonly #queues: readonly SinkQueue[]
  readonly #gates = new Set<Followable>()
  /** What the process was told of. */
  readonly #toldProcess = new Set<string>()
  /** What ends the following of a gate or a registry. */
  readonly #ends = new Map<object, () => void>()
  #serial = 0
  #windowSince: Date | undefined
  #timer: unknown
  #closing: Promise<void> | undefined

  constructor({ sinks, tellFirst = 20, windowMs = 10_000, maxQueued = 10_000, clock }: LedgerOptions) {
    this.#clock = completeClock(clock)
    this.#windowMs = windowMs
    this.#floods = new Floods(tellFirst)
    const settings = {
      maxQueued,
      clock: this.#clock,
      dropped: (count: number) => this.#entry({ what: 'dropped' }, count),
      onFailed: (cause: unknown) => this.#warn('a sink of the ledger failed', cause),
      onFull: () => this.#warn('a sink of the ledger takes nothing, and its queue is full'),
    }
    for (const sink of sinks)
      if (typeof sink === 'object') sink.onWarning?.((message, cause) => this.#warn(message, cause))
    this.#queues = sinks.map((sink) =>
      typeof sink === 'function'
        ? new SinkQueue(calling(sink), TO_A_FUNCTION, settings)
        : new SinkQueue(sink, TO_A_SINK, settings),
    )
  }

  get dropped(): number {
    return this.#queues.reduce((sum, { dropped }) => sum + dropped, 0)
  }

  follow(gate: Followable): () => void {
    checkGate(gate, 'follow')
    return this.#once(gate, () => this.#begin(gate))
  }

  followOperations(registry: Operations): () => void {
    return this.#once(registry, () =>
      registry.onOperation((operation) => this.#add(decisionOfOperation(operation))),
    )
  }

  async flush(): Promise<void> {
    this.#endWindow()
    await Promise.all(this.#queues.map((queue) => queue.flush()))
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #begin(gate: Followable): () => void {
    const { api } = gate
    const following = gate.follow({
      purpose: 'ledger',
      refused: (refusal) => this.#refused(api, refusal),
      released: (connection, why, _, clause) => {
        if (why !== undefined) this.#ended(api, connection, why, clause)
      },
    })
    const warned = (event: WarningEvent) => this.#add(decisionOfWarning(event), event.count)
    const suspected = (event: MisuseEvent) => this.#suspected(event)
    gate.on('warning', warned)
    gate.on('misuse', suspected)
    this.#gates.add(gate)
    return () => {
      following.stop()
      gate.off('warning', warned)
      gate.off('misuse', suspected)
      this.#gates.delete(gate)
    }
  }

  /** What is followed already tells nothing twice. */
  #once(followed: object, begin: () => () => void): () => void {
    const before = this.#ends.get(followed)
    if (before) return before
    if (this.#closing) return () => {}
    const stop = begin()
    const end = () => {
      // It may be followed anew by now.
      if (this.#ends.get(followed) !== end) return
      this.#ends.delete(followed)
      stop()
    }
    this.#ends.set(followed, end)
    return end
  }

  #refused(api: string, refusal: FollowedRefusal): void {
    const { account, reason, clause } = refusal
    if (this.#isToldAlone('refused', api, account, reason, clause)) this.#add(decisionOfRefusal(refusal))
  }

  #ended(api: string, connection: FollowedConnection, why: string, clause: string | undefined): void {
    const reason = withoutKeys(why)
    if (this.#isToldAlone('ended', api, connection.holder.account, reason, clause))
      this.#add(decisionOfEnd(api, connection, reason, clause))
  }

  #suspected(event: MisuseEvent): void {
    const { api, account: id, partner, sign, clause } = event
    if (this.#isToldAlone('misuse', api, { id, ...present({ partner }) }, sign, clause))
      this.#add(decisionOfSign(event))
  }

  #isToldAlone(...kind: Parameters<Floods['tells']>): boolean {
    const alone = this.#floods.tells(...kind)
    if (this.#timer === undefined) {
      this.#windowSince = new Date(this.#clock.now())
      this.#timer = this.#clock.setTimeout(() => this.#endWindow(), this.#windowMs)
    }
    return alone
  }

  #endWindow(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { kind, count } of this.#floods.end())
      this.#add({ ...kind, ...present({ since: this.#windowSince }) }, count)
  }

  #add(decision: Decision, count = 1): void {
    const entry = this.#entry(decision, count)
    for (const queue of this.#queues) queue.add(entry)
  }

  #entry(decision: Decision, count: number): LedgerEntry {
    const id = `${this.#name}/${(++this.#serial).toString(36)}`
    return { id, at: new Date(this.#clock.now()), process: this.#process, count, ...decision }
  }

  #warn(what: string, cause?: unknown): void {
    const { dropped } = this
    const lost = dropped === 0 ? 'nothing is lost yet' : `decisions dropped so far: ${dropped}`
    for (const gate of this.#gates) gate.warn('ledger-failed', `${what}; ${lost}`, cause)
    if (this.#gates.size > 0 || this.#toldProcess.has(what)) return
    // Nobody else is there. What was thrown is left out: a driver may have put a password into its message.
    this.#toldProcess.add(what)
    process.emitWarning(`api-terms: ${what}; ${lost}`, { type: 'ApiTermsWarning', code: 'API_TERMS_LEDGER' })
  }

  async #close(): Promise<void> {
    this.#endWindow()
    const gates = [...this.#gates]
    const before = this.dropped
    for (const end of this.#ends.values()) end()
    // Who is no longer followed is still told what fails.
    for (const gate of gates) this.#gates.add(gate)
    await Promise.all(this.#queues.map((queue) => queue.close(CLOSE_MS)))
    if (this.dropped > before) this.#warn('the ledger was closed')
    this.#gates.clear()
  }
}

function calling(listener: (entry: LedgerEntry) => unknown): LedgerSink {
  return {
    async write(entries) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      for (const entry of entries) await listener(entry)
    },
  }
}

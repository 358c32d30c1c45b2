import type { CompleteClock } from '../../clock.js'
import { ENDS } from '../../ends.js'
import { StoreError } from '../../errors.js'
import { filterOf } from '../../connection-filter.js'
import { viewOf } from './received.js'
import type { ConnectionView } from '../../gate.js'
import type { Ban } from '../../misuse/index.js'
import type { Limits } from '../../registry.js'
import type { Reports } from '../reports.js'
import { Outbox } from './outbox.js'
import type { Answers, ConnectionFilter, Voice, VoiceListener, VoiceMessage } from '../../voice.js'

/** What the other gates ask of this one. */
export interface GateHere {
  /** Ends those that match and were opened by then, a moment of the steady clock. */
  endHere(filter: ConnectionFilter, why: string, openedBy: number): number
  connectionsHere(filter: ConnectionFilter): ConnectionView[]
  takeLimits(limits: Limits): void
  /** An account has changed, or, where none is named, any may have. */
  registryChanged(account: string | undefined): void
  /** Somebody is refused elsewhere for a sign of misuse. */
  banned(ban: Ban, forMs: number): void
}

export interface OtherGatesParts {
  readonly process: string
  readonly clock: CompleteClock
  readonly reports: Reports
  readonly here: GateHere
  join(listener: VoiceListener): Voice
}

/** What could not be said is said again so often. */
const AGAIN_MS = 500

/** The gates of the same API in other processes: what this one tells them, and what it makes of what they say. */
export class OtherGates implements VoiceListener {
  readonly #is: OtherGatesParts
  readonly #voice: Voice
  readonly #outbox = new Outbox()
  #telling = false
  #timer: unknown
  #closed = false

  constructor(parts: OtherGatesParts) {
    this.#is = parts
    this.#voice = parts.join(this)
  }

  /** What is open elsewhere, as far as the others answer. */
  async connections(filter: ConnectionFilter): Promise<ConnectionView[]> {
    try {
      const answers = this.#heard(await this.#voice.ask({ say: 'list', filter }))
      const now = this.#is.clock.now()
      return answers.map((answer) => viewOf(answer, now)).filter((view) => view !== undefined)
    } catch (cause) {
      this.onFailed(cause)
      return []
    }
  }

  /** Resolves with how many were ended elsewhere, as far as the others answer. Who does not will end them as it hears of it. */
  async end(filter: ConnectionFilter, why: string): Promise<number> {
    const at = this.#is.clock.elapsed()
    const message = { say: 'end', filter, why } as const
    try {
      const counts = this.#heard(await this.#voice.ask(message))
      return counts.reduce<number>((sum, count) => sum + (Number(count) || 0), 0)
    } catch (cause) {
      this.onFailed(cause)
      this.#outbox.addEnd(message, at)
      this.#tellLater()
      return 0
    }
  }

  async setLimits(limits: Limits): Promise<void> {
    try {
      await this.#voice.setLimits(limits)
    } catch (cause) {
      const message =
        'the limits hold in this process; the others are told as soon as the store can be reached'
      throw new StoreError(message, { cause })
    }
  }

  /** The registry of this process has told of a change. */
  changed(account: string | undefined): void {
    this.#outbox.addChange(account, this.#is.clock.elapsed())
    this.#tellSoon()
  }

  /** This process refuses somebody for a sign of misuse. */
  banned(ban: Ban, forMs: number): void {
    this.#outbox.addBan({ say: 'ban', ...ban, forMs }, this.#is.clock.elapsed())
    this.#tellSoon()
  }

  #tellSoon(): void {
    if (this.#telling || this.#timer !== undefined) return
    this.#telling = true
    // All of this turn together.
    queueMicrotask(() => void this.#tell())
  }

  onMessage(message: VoiceMessage, agoMs: number): readonly unknown[] {
    const { here, clock, process: self } = this.#is
    // It may come from another version of this package.
    if (message?.say === 'changed') this.#changedElsewhere(message.accounts)
    if (message?.say === 'ban') this.#bannedElsewhere(message, agoMs)
    if (message?.say !== 'end' && message?.say !== 'list') return []
    const filter = filterOf(message.filter)
    if (!filter || (filter.process ?? self) !== self) return []
    if (message.say === 'end') {
      const why: unknown = message.why
      return [here.endHere(filter, typeof why === 'string' ? why : 'ended', clock.elapsed() - agoMs)]
    }
    // How long ago it began, since the clock of whoever asks may be another.
    const since = (view: ConnectionView) => clock.now() - view.since.getTime()
    return here.connectionsHere(filter).map((view) => ({ ...view, since: since(view) }))
  }

  onLimits(limits: Limits): void {
    this.#is.here.takeLimits(limits)
  }

  onMissed({ ends }: { readonly ends: boolean }): void {
    const { here, clock } = this.#is
    here.registryChanged(undefined)
    // Whom it was about is not known any more, and nobody who was to be ended may go on.
    if (ends) here.endHere({}, ENDS.endMissed, clock.elapsed())
  }

  onFailed(cause: unknown): void {
    if (this.#closed) return
    this.#is.reports.warn('voice-failed', 'the other processes cannot be heard or told', cause)
  }

  close(): Promise<void> {
    this.#closed = true
    this.#is.clock.clearTimeout(this.#timer)
    return this.#voice.close()
  }

  #changedElsewhere(accounts: unknown): void {
    const { here } = this.#is
    if (!Array.isArray(accounts)) here.registryChanged(undefined)
    else for (const account of accounts) here.registryChanged(String(account))
  }

  #bannedElsewhere({ sign, of, subject, forMs }: Record<keyof Ban | 'forMs', unknown>, agoMs: number): void {
    if (typeof sign !== 'string' || typeof of !== 'string' || typeof subject !== 'string') return
    const left = Number(forMs) - agoMs
    if (left > 0) this.#is.here.banned({ sign, of, subject }, left)
  }

  #heard({ answers, silent }: Answers): readonly unknown[] {
    if (silent.length > 0)
      this.#is.reports.warn('process-silent', `no answer came in time from ${silent.join(', ')}`)
    return answers
  }

  #tellLater(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = this.#is.clock.setTimeout(() => {
      this.#timer = undefined
      if (!this.#telling) void this.#tell()
    }, AGAIN_MS)
  }

  async #tell(): Promise<void> {
    this.#telling = true
    try {
      for (let due = this.#outbox.next(); due && !this.#closed; due = this.#outbox.next()) {
        // oxlint-disable-next-line no-await-in-loop -- what comes up meanwhile goes with the next message
        await this.#voice.tell(due.message, this.#is.clock.elapsed() - due.at)
        due.told()
      }
    } catch (cause) {
      this.onFailed(cause)
      this.#tellLater()
    }
    this.#telling = false
  }
}

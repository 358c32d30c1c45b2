import { EventEmitter } from 'node:events'
import { OptionsError } from './errors.js'
import { likelyName } from './likely-name.js'
import type { Notice } from './notices.js'
import { isPromise } from './pending.js'
import type { Reason } from './refusal.js'
import type { StoreWarning } from './store-warning.js'

/** What every event about a request tells. Never a key, a query value or a body. */
export interface RequestEvent {
  /** When it was decided. */
  readonly at: Date
  readonly api: string
  readonly method: string
  /** The path of the target, without its query; whatever looks like a key is taken out. */
  readonly path: string
}

/** A request has come in. */
export interface AdmittedEvent extends RequestEvent {
  readonly account: string
  readonly client: string
  /** The credential's id, where the registry gives one. */
  readonly credential: string | undefined
  /** What of the key may be shown, e.g. `key_…x7Qz`. */
  readonly hint: string
  /** The partner through whom the account has the API, where there is one (clause 1(d)). */
  readonly partner?: string
  readonly class: string
  /** The connection's id. */
  readonly connection: string
  readonly inUse: number
  readonly limit: number
}

/** A request has been turned away, or, in `observe` mode, would have been. */
export interface RefusedEvent extends RequestEvent {
  readonly reason: Reason
  readonly clause: string | undefined
  readonly status: number
  /** The same as in the problem document. */
  readonly instance: string
  /** `false` in `observe` mode: it went on all the same. What the router of the Terms refuses is refused in every mode. */
  readonly enforced: boolean
  /** Absent, as what follows, where it was refused before that was known. */
  readonly account?: string
  readonly client?: string
  readonly credential?: string | undefined
  readonly hint?: string
  readonly partner?: string
  readonly class?: string
  readonly inUse?: number
  readonly limit?: number
}

/** A caller hung up before its request was decided. */
export interface AbandonedEvent extends RequestEvent {
  /** Absent, as what follows, where it hung up before that was known. */
  readonly account?: string
  readonly client?: string
  readonly credential?: string | undefined
  readonly hint?: string
  readonly partner?: string
  readonly class?: string
  readonly inUse?: number
  readonly limit?: number
}

/** A slot has been given back. */
export interface ReleasedEvent {
  readonly at: Date
  readonly api: string
  readonly account: string
  readonly client: string
  readonly credential: string | undefined
  readonly hint: string
  readonly partner?: string
  readonly class: string
  readonly connection: string
  readonly path: string
  /** How long it was held, in ms. */
  readonly heldMs: number
  /** Absent where it simply ended; `max-hold`, `stalled`, `lease-lost`, `end-missed`, a reason, or what was told to `gate.end`. */
  readonly why: string | undefined
  /** What `why` rests on, where that is a reason. */
  readonly clause: string | undefined
}

/**
 * Something that an account should be told (clause 2(f)): the provider mails it, or posts it. Told once for each client and cause, as the
 * client is met; after many others it may be told again.
 */
export interface NoticeEvent extends Notice {
  readonly at: Date
  readonly api: string
  readonly account: string
  readonly client: string
  readonly credential: string | undefined
  readonly hint: string
  readonly partner?: string
}

/** A sign of misuse has come up (clauses 2(d), 4(a), 5(d)). Told once for each account or credential within `withinMs`, or, where it is refused, for each ban. */
export interface MisuseEvent {
  readonly at: Date
  readonly api: string
  /** `many-networks` of one credential, `many-ids` under one path pattern, or `often-at-limit`. */
  readonly sign: 'many-networks' | 'many-ids' | 'often-at-limit'
  /** What it is refused with, where it is, and the clause that rests on. */
  readonly reason: Reason
  readonly clause: string | undefined
  /** More than so many were met. */
  readonly most: number
  /** Within so many ms. */
  readonly withinMs: number
  /** It is refused for so many ms from now on; 0: it is not. */
  readonly refuseMs: number
  /** Whether it is refused: `false` in `observe` mode too. */
  readonly enforced: boolean
  readonly account: string
  readonly client: string
  readonly credential: string | undefined
  readonly hint: string
  readonly partner?: string
}

/** Something the provider should look at. */
export interface WarningEvent {
  readonly at: Date
  readonly api: string
  /** A stable code. */
  readonly code:
    | 'registry-failed'
    | 'limits-failed'
    | 'store-failed'
    | StoreWarning['code']
    | 'class-without-limit'
    | 'option-failed'
    | 'listener-failed'
    | 'upgrades-unguarded'
    | 'upgrade-failed'
    | 'voice-failed'
    | 'process-silent'
    | 'memory-store-in-cluster'
    | 'api-in-two-gates'
    | 'ledger-failed'
    | 'usage-failed'
    | 'usage-lost'
  readonly message: string
  /** How often since the last one told, this one included: while a failing goes on, one a minute is told, and the last as the gate is closed. */
  readonly count: number
  /** What was thrown, where something was. */
  readonly cause?: unknown
}

/** The connection store has gone away, or is back: one event each, however many requests came meanwhile. */
export interface OutageEvent {
  readonly at: Date
  readonly api: string
  /** `began`: from now on `connections.whenStoreFails` decides. `ended`: every connection is counted again. */
  readonly state: 'began' | 'ended'
  /** As it began: what the store failed with. */
  readonly cause?: unknown
  /** As it ended: how long it was, in ms, from the first failure. */
  readonly durationMs?: number
  /** As it ended: how many connections were admitted without the store. */
  readonly admitted?: number
}

/** The events of a gate, by name. */
export interface GateEvents {
  admitted: AdmittedEvent
  refused: RefusedEvent
  abandoned: AbandonedEvent
  released: ReleasedEvent
  notice: NoticeEvent
  misuse: MisuseEvent
  warning: WarningEvent
  outage: OutageEvent
}

/** What `gate.on` can be asked for: `admitted`, `refused`, `abandoned`, `released`, `notice`, `misuse`, `warning`, `outage`. */
export type GateEventName = keyof GateEvents
/** What it returns is ignored, but for a promise that rejects: that is warned of, as a throw is. */
export type GateListener<Name extends GateEventName> = (event: GateEvents[Name]) => unknown

const UNHEARD: Record<GateEventName, boolean> = {
  admitted: false,
  refused: false,
  abandoned: false,
  released: false,
  notice: false,
  misuse: false,
  warning: false,
  outage: false,
}

/** Tells listeners. An event is only made where somebody listens, and a listener that throws harms no request. */
export class GateEventSource {
  readonly #emitter = new EventEmitter()
  readonly #heard: Record<GateEventName, boolean> = { ...UNHEARD }
  /** Which of them somebody listens to: looked at with every request. */
  readonly heard: Readonly<Record<GateEventName, boolean>> = this.#heard
  readonly #onListenerFailed: (cause: unknown, name: GateEventName) => void

  constructor(onListenerFailed: (cause: unknown, name: GateEventName) => void) {
    this.#onListenerFailed = onListenerFailed
  }

  on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): void {
    if (!Object.hasOwn(UNHEARD, name)) {
      const message = `is no event; ${likelyName(name, Object.keys(UNHEARD))}`
      throw new OptionsError([{ path: name, message }])
    }
    this.#emitter.on(name, listener)
    this.#heard[name] = true
  }

  off<Name extends GateEventName>(name: Name, listener: GateListener<Name>): void {
    this.#emitter.off(name, listener)
    this.#heard[name] = this.#emitter.listenerCount(name) > 0
  }

  tell<Name extends GateEventName>(name: Name, event: GateEvents[Name]): void {
    for (const listener of this.#emitter.listeners(name) as GateListener<Name>[]) {
      try {
        const told: unknown = listener(event)
        // An async listener: unheard, its rejection would end the process.
        if (isPromise(told)) told.then(undefined, (cause: unknown) => this.#onListenerFailed(cause, name))
      } catch (cause) {
        this.#onListenerFailed(cause, name)
      }
    }
  }
}

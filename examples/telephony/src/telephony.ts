import { createGate, createUsage } from '@api-terms/core'
import type {
  AccountRegistry,
  Admission,
  ConnectionStore,
  Gate,
  Ledger,
  TermsOptions,
  Usage,
} from '@api-terms/core'
import type { ServerResponse } from 'node:http'
import { demoRegistry, issueDemoKeys, type IssuedKey } from './accounts.js'
import { createCalls, type Calls } from './calls.js'
import { gateOptions } from './gate.js'
import { createHangUps, type HangUps } from './hang-ups.js'
import { mailNotices } from './notices.js'
import { telephonyRoutes, type Question, type Route } from './routes.js'

/** The model API, ready to be mounted by a framework. */
export interface Telephony {
  /** One gate for the API: HTTP and WebSockets draw on the same limits. */
  readonly gate: Gate
  /** Where a client's acceptance is recorded. */
  readonly registry: AccountRegistry
  /** What accounts use. */
  readonly usage: Usage
  readonly routes: readonly Route[]
  readonly calls: Calls
  readonly hangUps: HangUps
  readonly keys: readonly IssuedKey[]
  /** Puts a framework's request in the plain values that a handler takes. */
  ask(
    admission: Admission | undefined,
    params: Readonly<Record<string, unknown>>,
    response: ServerResponse,
  ): Question
  /** Closes the gate, and then what follows it: both are whole to the last. */
  close(): Promise<void>
}

/** What the API has from elsewhere. */
export interface Shared {
  readonly registry: AccountRegistry
  /** Where its connections are counted, together with those of other processes. */
  readonly store?: ConnectionStore
  /** Those that it may show. */
  readonly keys?: readonly IssuedKey[]
  /** In memory where it is absent. */
  readonly usage?: Usage
  /** What is decided is kept here, if anywhere. */
  readonly ledger?: Ledger
  /** Those of terms.ts where they are absent. */
  readonly terms?: TermsOptions
}

/** With accounts of its own where none are given. */
export function openTelephony(shared: Shared = inMemory()): Telephony {
  const { registry, store, keys = [], usage = createUsage(), ledger, terms } = shared
  const calls = createCalls()
  const hangUps = createHangUps()
  const gate = createGate({ ...gateOptions(registry, terms), ...(store && { connections: { store } }) })
  usage.follow(gate)
  ledger?.follow(gate)
  mailNotices(gate, registry)
  return {
    gate,
    registry,
    usage,
    routes: telephonyRoutes(calls),
    calls,
    hangUps,
    keys,
    ask(admission, params, response) {
      // Better no answer than an answer to nobody knows whom.
      if (!admission) throw new Error('The gate stands behind the route: mount apiTerms first.')
      return {
        account: admission.account.id,
        id: typeof params.id === 'string' ? params.id : '',
        body: response.req,
        ended: hangUps.ofResponse(response),
      }
    },
    async close() {
      await gate.close()
      await usage.close()
      await ledger?.close()
    },
  }
}

/** Accounts with fresh keys, that nobody else has. */
export function inMemory(): Shared {
  const { issued, digests } = issueDemoKeys()
  return { registry: demoRegistry(digests), keys: issued }
}

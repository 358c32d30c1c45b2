import { createGate, type Admission, type ConnectionStore, type Gate, type Registry } from '@api-terms/core'
import type { ServerResponse } from 'node:http'
import { demoRegistry, issueDemoKeys, type IssuedKey } from './accounts.js'
import { createCalls, type Calls } from './calls.js'
import { gateOptions } from './gate.js'
import { createHangUps, type HangUps } from './hang-ups.js'
import { telephonyRoutes, type Question, type Route } from './routes.js'

/** The model API, ready to be mounted by a framework. */
export interface Telephony {
  /** One gate for the API: HTTP and WebSockets draw on the same limits. */
  readonly gate: Gate
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
}

/** What the API has from elsewhere. */
export interface Shared {
  readonly registry: Registry
  /** Where its connections are counted, together with those of other processes. */
  readonly store?: ConnectionStore
  /** Those that it may show. */
  readonly keys?: readonly IssuedKey[]
}

/** With keys and accounts of its own, in memory, where nothing is shared. */
export function openTelephony(shared: Shared = inMemory()): Telephony {
  const { registry, store, keys = [] } = shared
  const calls = createCalls()
  const hangUps = createHangUps()
  return {
    gate: createGate({ ...gateOptions(registry), ...(store && { connections: { store } }) }),
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
  }
}

function inMemory(): Shared {
  const { issued, digests } = issueDemoKeys()
  return { registry: demoRegistry(digests), keys: issued }
}

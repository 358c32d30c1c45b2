import { createHash } from 'node:crypto'
import {
  createGate,
  issueKey,
  memoryRegistry,
  type Account,
  type Admission,
  type Carrier,
  type Client,
  type Gate,
  type GateEventName,
  type GateEvents,
  type GateOptions,
  type Refusal,
  type RequestParts,
} from '@api-terms/core'
import { TestClock } from '../../../test/clock.js'

export const TERMS = { url: 'https://provider.example/terms', version: '2026-01' }

const EVENT_NAMES = ['admitted', 'refused', 'abandoned', 'released', 'warning', 'outage'] as const

/** An event as it was told, with its name. */
export type Told = { [Name in GateEventName]: { readonly name: Name } & GateEvents[Name] }[GateEventName]

/** Keeps everything that a gate tells. */
export function heardFrom(gate: Gate): Told[] {
  const told: Told[] = []
  for (const name of EVENT_NAMES) gate.on(name, (event) => told.push({ name, ...event } as Told))
  return told
}

/** Two accounts: `acme` with the clients `acme-crm` and `acme-wallboard`, `globex` with `globex-app`. */
export function twoAccounts(changes: { acme?: Partial<Account>; client?: Partial<Client> } = {}) {
  const keys = { crm: issueKey().key, wallboard: issueKey().key, globex: issueKey().key }
  return { keys, ...recordsFor(keys, changes) }
}

function recordsFor(
  keys: { crm: string; wallboard: string; globex: string },
  changes: { acme?: Partial<Account>; client?: Partial<Client> },
) {
  const client = (id: string, account: string, key: string): Client => ({
    id,
    account,
    credentials: [{ id: `${id}-key`, digest: digestOf(key) }],
  })
  const acme: Account = { id: 'acme', ...changes.acme }
  const crm = { ...client('acme-crm', 'acme', keys.crm), ...changes.client }
  const registry = memoryRegistry({
    accounts: [acme, { id: 'globex' }],
    clients: [
      crm,
      client('acme-wallboard', 'acme', keys.wallboard),
      client('globex-app', 'globex', keys.globex),
    ],
  })
  return { registry, acme, crm }
}

export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A gate over two accounts, with a clock of its own, and everything that it tells. */
export function gateWith(options: Partial<GateOptions> = {}, accounts = twoAccounts()) {
  const clock = new TestClock()
  const gate = createGate({ api: 'telephony', terms: TERMS, registry: accounts.registry, clock, ...options })
  return { ...accounts, clock, gate, told: heardFrom(gate) }
}

/** What an adapter hands over of a request with this key. */
export function asking(key: string | undefined, method = 'GET', target = '/v1/calls'): RequestParts {
  return { method, target, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } }
}

/** An outcome in a word. */
export function outcomeOf(outcome: Admission | Refusal): string {
  return outcome.admitted ? 'admitted' : outcome.reason
}

export async function admitted(gate: Gate, request: RequestParts): Promise<Admission> {
  const outcome = await gate.admit(request)
  if (!outcome.admitted) throw new Error(`refused: ${outcome.reason}`)
  return outcome
}

/** Carries a connection, and remembers why it was cut off. */
export class TestCarrier implements Carrier {
  readonly ends: string[] = []
  taken: number | undefined

  end(why: string): void {
    this.ends.push(why)
  }

  progress(): number | undefined {
    return this.taken
  }
}

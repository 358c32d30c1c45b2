import {
  needsOf,
  readRecord,
  viewOf,
  writtenRecord,
  type Account,
  type Client,
  type HistoryEntry,
  type Operation,
  type Proposal,
  type RecordChange,
  type RegistryView,
} from '@api-terms/core'
import { encoded } from './keys.js'

// Records, entries and changes as the scripts of the registry take and give them.

/** What the scripts have read for an operation. */
export interface Gathered {
  readonly view: RegistryView
  readonly versions: string
  /** When the last entry of the history was done. */
  readonly last: Date | undefined
  readonly accounts: readonly Account[]
  readonly clients: readonly Client[]
}

export function gatheredFrom([, versions = '', time, count, ...texts]: readonly string[]): Gathered {
  const accounts = texts.slice(0, Number(count)).map((text) => recordIn(text) as Account)
  const clients = texts.slice(Number(count)).map((text) => recordIn(text) as Client)
  const last = time ? new Date(time) : undefined
  return { view: viewOf({ accounts, clients }), versions, last, accounts, clients }
}

/** The record behind its version and its owner. */
export function recordIn(text: string): unknown {
  const owner = text.indexOf(' ') + 1
  return readRecord(text.slice(text.indexOf(' ', owner) + 1))
}

export function needsText(operation: Operation): string {
  const lists = Object.entries(needsOf(operation)).map(([name, ids]) => [
    name,
    (ids as string[]).map(encoded),
  ])
  return JSON.stringify(Object.fromEntries(lists))
}

/** A change as `COMMIT` takes it. */
export function changeText(change: RecordChange, view: RegistryView): string {
  const { removedAccounts = [], removedClients = [], accounts, clients, concerns } = change
  const replaced = [...removedClients, ...clients.map(({ id }) => id)].map((id) => view.client(id))
  return JSON.stringify({
    freed: replaced.flatMap((client) => digestsOf(client)),
    removedAccounts: removedAccounts.map(encoded),
    removedClients: removedClients.map(encoded),
    accounts: accounts.map((each) => [encoded(each.id), encoded(each.partner ?? ''), writtenRecord(each)]),
    clients: clients.map((each) => [
      encoded(each.id),
      encoded(each.account),
      writtenRecord(each),
      digestsOf(each),
    ]),
    concerns: concerns.map(encoded),
  })
}

export function entryText({ time, by, why, operation, rules }: Proposal): string {
  return writtenRecord({
    time,
    by,
    ...(why !== undefined && { why }),
    operation,
    ...(rules !== undefined && { rules }),
  })
}

export function accountsText(change: RecordChange): string {
  return JSON.stringify(change.concerns)
}

export function accountsIn(text: string): readonly string[] {
  return Object.freeze(JSON.parse(text) as string[])
}

export function entryFrom(id: string, accounts: string, entry: string): HistoryEntry {
  const proposal = readRecord(entry) as Proposal
  return Object.freeze({ id: Number(id), ...proposal, accounts: accountsIn(accounts) })
}

function digestsOf(client: Client | undefined): string[] {
  return client?.credentials.map(({ digest }) => digest) ?? []
}

import type { Account, Client } from '../registry.js'
import type { Operation } from './operations.js'
import type { RegistryView } from './storage.js'

/** The records that an operation is decided by. */
export interface RecordNeeds {
  readonly accounts: readonly string[]
  /** Each with its account. */
  readonly clients: readonly string[]
  /** Each with the client that has it, where there is one. */
  readonly digests: readonly string[]
  /** All accounts of these. */
  readonly partners: readonly string[]
  /** All clients of these accounts. */
  readonly clientsOf: readonly string[]
}

const NOTHING: RecordNeeds = { accounts: [], clients: [], digests: [], partners: [], clientsOf: [] }

/** Which records a storage that cannot be read at once has to fetch before it can decide an operation. */
export function needsOf(operation: Operation): RecordNeeds {
  switch (operation.kind) {
    case 'register-client':
      return { ...NOTHING, accounts: [operation.account], clients: [operation.client] }
    case 'issue-key':
    case 'rotate-key':
      return { ...NOTHING, clients: [operation.client], digests: [operation.credential.digest] }
    case 'set-account':
      return { ...NOTHING, accounts: [operation.account.id] }
    case 'set-client':
      return needsOfClients([operation.client])
    case 'remove-account':
      return { ...NOTHING, accounts: [operation.account], clientsOf: [operation.account] }
    case 'import': {
      const needs = needsOfClients(operation.clients)
      return { ...needs, accounts: [...needs.accounts, ...operation.accounts.map(({ id }) => id)] }
    }
    case 'register-account':
    case 'update-account':
    case 'update-client':
    case 'verify':
    case 'revoke-key':
    case 'accept-terms':
    case 'grant':
    case 'withdraw-grant':
    case 'suspend':
    case 'reinstate':
    case 'terminate':
    case 'remove-client':
      return needsOfTarget(operation)
  }
}

function needsOfTarget(target: {
  readonly account?: string
  readonly client?: string
  readonly partner?: string
}): RecordNeeds {
  const listed = (id: string | undefined) => (id === undefined ? [] : [id])
  return {
    ...NOTHING,
    accounts: listed(target.account),
    clients: listed(target.client),
    partners: listed(target.partner),
  }
}

function needsOfClients(clients: readonly Client[]): RecordNeeds {
  return {
    ...NOTHING,
    accounts: clients.map(({ account }) => account),
    clients: clients.map(({ id }) => id),
    digests: clients.flatMap(({ credentials }) => credentials.map(({ digest }) => digest)),
  }
}

/** Shows records that were fetched as `needsOf` asks. */
export function viewOf(records: {
  readonly accounts: readonly Account[]
  readonly clients: readonly Client[]
}): RegistryView {
  const accounts = new Map(records.accounts.map((account) => [account.id, account]))
  const clients = new Map(records.clients.map((client) => [client.id, client]))
  const owners = new Map(
    records.clients.flatMap(({ id, credentials }) => credentials.map(({ digest }) => [digest, id])),
  )
  return {
    account: (id) => accounts.get(id),
    client: (id) => clients.get(id),
    ownerOf: (digest) => owners.get(digest),
    accountsOf: (partner) => [...accounts.values()].filter((account) => account.partner === partner),
    clientsOf: (account) => [...clients.values()].filter((client) => client.account === account),
  }
}

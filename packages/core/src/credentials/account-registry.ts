import { randomUUID } from 'node:crypto'
import type { AccountRegistry, KeyDetails, NewKey } from '../accounts/account-registry.js'
import { applied } from '../accounts/applied.js'
import { checkAccountPage, checkHistoryPage, checkOperation } from '../accounts/checking.js'
import { frozenCopy } from '../accounts/frozen-copy.js'
import type { Author, HistoryEntry, Operation, OperationOf } from '../accounts/operations.js'
import type { RegistryStorage } from '../accounts/storage.js'
import { completeClock, type Clock } from '../clock.js'
import { isPromise } from '../pending.js'
import type { Account, Client, Credential, RegistryChange } from '../registry.js'
import { withoutKeys } from '../without-keys.js'
import { issueKey } from './key.js'
import { createListeners } from './listeners.js'

const PAGE = 100

/** An operation without its kind, each way of it by itself. */
type Asked<Each extends Operation> = Each extends Operation ? Omit<Each, 'kind'> : never

/** What a registry needs beside its storage. */
export interface AccountRegistryOptions {
  /** Whose time operations are done at. The system's by default. */
  readonly clock?: Clock
}

/**
 * The operations of a registry, over a storage that keeps its records and its history. With a database that has no storage here, write
 * one: it decides nothing.
 */
export function accountRegistry(
  storage: RegistryStorage,
  options: AccountRegistryOptions = {},
): AccountRegistry {
  const clock = completeClock(options.clock)
  const changes = createListeners<RegistryChange>()
  const operations = createListeners<HistoryEntry>()

  const everywhere = storage.tellsEverywhere && { everywhere: true as const }

  const done = (entry: HistoryEntry): HistoryEntry => {
    for (const account of entry.accounts) changes.announce(Object.freeze({ account, ...everywhere }))
    operations.announce(entry)
    return entry
  }

  let listening = 0
  let endChanges: (() => void) | undefined
  /** The storage is listened to while somebody listens here: it may cost a connection, which keeps a process from its end. */
  const onChange = (listener: (change: RegistryChange) => void) => {
    const leave = changes.add(listener)
    if (++listening === 1) endChanges = storage.onChange?.(changes.announce)
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
      if (--listening === 0) endChanges?.()
    }
  }

  /** On the spot where the storage answers so. */
  const perform = async (given: Operation, author: Author): Promise<HistoryEntry> => {
    const operation = frozenCopy(given)
    checkOperation(operation, author)
    const proposal = Object.freeze({
      time: new Date(clock.now()),
      by: withoutKeys(author.by),
      ...(author.why !== undefined && { why: withoutKeys(author.why) }),
      operation,
    })
    const entry = storage.commit(proposal, (view) => applied(view, proposal))
    return done(isPromise(entry) ? await entry : entry)
  }
  /** The operation of a kind, from what its method is given. */
  const performs =
    <Kind extends Operation['kind']>(kind: Kind) =>
    ({ by, why, ...rest }: Asked<OperationOf<Kind>> & Author) =>
      perform({ kind, ...rest } as unknown as Operation, authorOf(by, why))

  const withKey = async (
    { id, prefix, notBefore, expiresAt }: KeyDetails,
    author: Author,
    operation: (credential: Credential) => Operation,
  ): Promise<NewKey> => {
    const { key, digest, hint } = issueKey(prefix === undefined ? {} : { prefix })
    const credential = frozenCopy({ id: id ?? randomUUID(), digest, hint, notBefore, expiresAt })
    await perform(operation(credential as Credential), author)
    return { key, digest, hint, credential: credential as NewKey['credential'] }
  }

  const registry: Omit<AccountRegistry, 'peekByDigest'> = {
    findByDigest: (digest) => storage.findByDigest(digest),
    onChange,
    onOperation: operations.add,
    perform,
    async registerAccount({ id = randomUUID(), by, why, ...details }) {
      await perform({ kind: 'register-account', account: id, details }, authorOf(by, why))
      return (await storage.account(id)) as Account
    },
    async updateAccount({ account, by, why, ...rest }) {
      await perform({ kind: 'update-account', account, changes: rest }, authorOf(by, why))
      return (await storage.account(account)) as Account
    },
    async registerClient({ id = randomUUID(), account, by, why, ...details }) {
      await perform({ kind: 'register-client', client: id, account, details }, authorOf(by, why))
      return (await storage.client(id)) as Client
    },
    async updateClient({ client, by, why, ...rest }) {
      await perform({ kind: 'update-client', client, changes: rest }, authorOf(by, why))
      return (await storage.client(client)) as Client
    },
    verify: performs('verify'),
    issueKey: ({ client, by, why, ...details }) =>
      withKey(details, authorOf(by, why), (credential) => ({ kind: 'issue-key', client, credential })),
    rotateKey: ({ client, old, overlapMs, by, why, ...details }) =>
      withKey(details, authorOf(by, why), (credential) => ({
        kind: 'rotate-key',
        client,
        old,
        credential,
        overlapMs,
      })),
    revokeKey: performs('revoke-key'),
    async acceptTerms({ by, why, acceptedBy = by, ...rest }) {
      const { time } = await perform({ kind: 'accept-terms', acceptedBy, ...rest }, authorOf(by, why))
      return frozenCopy({ version: rest.version, at: rest.at ?? time, by: acceptedBy, entity: rest.entity })
    },
    async grant({ account, by, why, id = randomUUID(), ...rest }) {
      const grant = frozenCopy({ id, ...rest })
      await perform({ kind: 'grant', account, grant }, authorOf(by, why))
      return grant
    },
    withdrawGrant: performs('withdraw-grant'),
    suspend: performs('suspend'),
    reinstate: performs('reinstate'),
    terminate: performs('terminate'),
    account: (id) => storage.account(id),
    client: (id) => storage.client(id),
    accounts(page = {}) {
      checkAccountPage(page)
      return storage.accounts({ ...page, limit: page.limit ?? PAGE })
    },
    clientsOf: (account) => storage.clientsOf(account),
    history(page = {}) {
      checkHistoryPage(page)
      return storage.history({ ...page, after: page.after ?? 0, limit: page.limit ?? PAGE })
    },
    async close() {
      endChanges?.()
      await storage.close?.()
    },
  }
  if (!storage.peekByDigest) return registry
  // Not copied by `{ ...registry, findByDigest }`: who puts a function of its own in the place of ours means that to be asked.
  return Object.defineProperty(registry, 'peekByDigest', {
    value: (digest: string) => storage.peekByDigest?.(digest),
  })
}

function authorOf(by: string, why: string | undefined): Author {
  return why === undefined ? { by } : { by, why }
}

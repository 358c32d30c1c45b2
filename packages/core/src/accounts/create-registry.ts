import type { AccountRegistry } from './account-registry.js'
import { applied } from './applied.js'
import { checkAccountPage, checkHistoryPage, checkId, checkOperation } from './checking.js'
import { fixedDate } from './fixed-date.js'
import { entryToGive, frozenCopy, operationToKeep } from './frozen-copy.js'
import { withoutIssuedKeys } from './keys-in-text.js'
import type { HistoryEntry } from './operations.js'
import { rulesOf } from './rules.js'
import type { RecordChange, RegistryStorage, Soon } from './storage.js'
import { completeClock, type Clock } from '../clock.js'
import { isPromise } from '../pending.js'
import type { RegistryChange } from '../registry.js'
import { accountOperations, type CarryOut } from './registry-operations.js'
import { createListeners } from './listeners.js'

const PAGE = 100
/** Clocks that are kept agree within seconds: one that is ahead by more is wrong, and notices, grants and overlaps would be over too soon. */
const MOST_AHEAD_MS = 60_000

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

  /**
   * When it is done and not when it was asked for, and never before what was done last: who was terminated meanwhile, or as the clock was
   * not yet set back, does not come back. Nothing follows a clock that was too far ahead.
   */
  const timeAfter = (last: Date | undefined) => {
    const now = clock.now()
    const before = last?.getTime() ?? -Infinity
    return fixedDate(before - now <= MOST_AHEAD_MS ? Math.max(now, before) : now)
  }

  /** On the spot where the storage answers so. */
  const carryOut: CarryOut = async (given, author) => {
    const operation = operationToKeep(given)
    checkOperation(operation, author)
    const proposal = Object.freeze({
      time: fixedDate(clock.now()),
      by: withoutIssuedKeys(author.by),
      ...(author.why !== undefined && { why: withoutIssuedKeys(author.why) }),
      operation,
      ...rulesOf(operation.kind),
    })
    let change: RecordChange | undefined
    const entry = storage.commit(proposal, (view, last) => {
      const time = timeAfter(last)
      change = applied(view, { ...proposal, time })
      return { ...change, time }
    })
    return { entry: entryToGive(done(isPromise(entry) ? await entry : entry)), change: change! }
  }

  /**
   * A copy of what the storage has: the gate alone shares records with it. Who is answered with promises, as by a storage that has to wait,
   * catches nothing that is thrown past them.
   */
  const answerTo = <Answer>(
    ask: () => Soon<Answer>,
    toGive: (answer: Answer) => Answer = frozenCopy,
  ): Soon<Answer> => {
    if (!storage.peekByDigest) return (async () => toGive(await ask()))()
    const answer = ask()
    return isPromise(answer) ? answer.then(toGive) : toGive(answer)
  }

  const registry: Omit<AccountRegistry, 'peekByDigest'> = {
    findByDigest: (digest) => storage.findByDigest(digest),
    onChange,
    onOperation: operations.add,
    ...accountOperations(carryOut),
    account: (id) => answerTo(() => storage.account(checked(id))),
    client: (id) => answerTo(() => storage.client(checked(id))),
    accounts: (page = {}) =>
      answerTo(() => {
        checkAccountPage(page)
        return storage.accounts({ ...page, limit: page.limit ?? PAGE })
      }),
    clientsOf: (account) => answerTo(() => storage.clientsOf(checked(account))),
    history: (page = {}) =>
      answerTo(
        () => {
          checkHistoryPage(page)
          return storage.history({ ...page, after: page.after ?? 0, limit: page.limit ?? PAGE })
        },
        (entries) => Object.freeze(entries.map(entryToGive)),
      ),
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

function checked(id: string): string {
  checkId(id)
  return id
}

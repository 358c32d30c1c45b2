import { randomBytes } from 'node:crypto'
import { setTimeout as passed } from 'node:timers/promises'
import {
  type Account,
  type AccountPage,
  type Client,
  type DecidedChange,
  type HistoryEntry,
  type HistoryPage,
  type Proposal,
  type Registration,
  type RegistryChange,
  type RegistryStorage,
} from '@api-terms/core'
import { encoded, registryKeysUnder } from './keys.js'
import { failed, RegistryCommands } from './registry-commands.js'
import { RegistryFollower } from './registry-follower.js'
import type { CheckedRegistryOptions } from './registry-options.js'
import {
  accountsText,
  changeText,
  entryFrom,
  entryText,
  gatheredFrom,
  needsText,
  recordIn,
  type Gathered,
} from './registry-records.js'
import { ScriptRunner } from './script-runner.js'

/** So often an operation is decided afresh where others have changed the same records meanwhile: each time one of them was done. */
const MOST_TRIES = 100
const LONGEST_PAUSE_MS = 32

type Decide = Parameters<RegistryStorage['commit']>[1]

/** Records and history in Redis. Each commit is one script, which stores nothing where what was decided by has changed. */
export class RedisStorage implements RegistryStorage {
  readonly tellsEverywhere = true
  readonly #options: CheckedRegistryOptions
  readonly #commands: RegistryCommands
  readonly #followers = new Set<RegistryFollower>()
  /** The last of the operations asked for here: each waits for the one before, since they are done in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve()
  #failures = 0

  constructor(options: CheckedRegistryOptions) {
    this.#options = options
    const runner = new ScriptRunner(options.client.send, options.timeoutMs)
    this.#commands = new RegistryCommands(registryKeysUnder(options.prefix), runner)
  }

  commit(proposal: Proposal, decide: Decide): Promise<HistoryEntry> {
    const failuresBefore = this.#failures
    const done = this.#last.then(() => {
      // What was asked for later must not be done where it is not known whether what was asked for earlier is.
      if (failuresBefore !== this.#failures) throw failed('none', new Error('an operation before it failed'))
      return this.#commit(proposal, decide)
    })
    this.#last = done.catch(() => undefined)
    return done
  }

  async findByDigest(digest: string): Promise<Registration | undefined> {
    const [clientText, accountText] = await this.#commands.find(digest)
    if (clientText === undefined || accountText === undefined) return undefined
    const client = recordIn(clientText) as Client
    const credential = client.credentials.find((each) => each.digest === digest)
    return credential && Object.freeze({ account: recordIn(accountText) as Account, client, credential })
  }

  async account(id: string): Promise<Account | undefined> {
    const { view } = gatheredFrom(await this.#commands.read(readingText({ accounts: [id] })))
    return view.account(id)
  }

  async client(id: string): Promise<Client | undefined> {
    const { view } = gatheredFrom(await this.#commands.read(readingText({ clients: [id] })))
    return view.client(id)
  }

  async clientsOf(account: string): Promise<readonly Client[]> {
    return gatheredFrom(await this.#commands.read(readingText({ clientsOf: [account] }))).clients
  }

  async accounts({
    partner = '',
    after = '',
    limit,
  }: AccountPage & { readonly limit: number }): Promise<Account[]> {
    const texts = await this.#commands.list(encoded(partner), encoded(after), limit)
    return texts.map((text) => recordIn(text) as Account)
  }

  async history({ account = '', after = 0, limit = Infinity }: HistoryPage): Promise<HistoryEntry[]> {
    const texts = await this.#commands.page(encoded(account), after, limit)
    const entries: HistoryEntry[] = []
    for (let at = 0; at < texts.length; at += 3)
      entries.push(entryFrom(texts[at]!, texts[at + 1]!, texts[at + 2]!))
    return entries
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    const follower = new RegistryFollower(this.#commands, this.#options, listener)
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
      void follower.stop()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#followers].map((follower) => follower.stop()))
    await this.#last
  }

  async #commit(proposal: Proposal, decide: Decide): Promise<HistoryEntry> {
    const token = randomBytes(12).toString('base64url')
    const needs = needsText(proposal.operation)
    let reply = await this.#stored(
      this.#commands.read(needs).catch((cause: unknown) => {
        throw failed('none', cause)
      }),
    )
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const gathered = gatheredFrom(reply)
      const decided = decide(gathered.view, gathered.last)
      const entry = { ...proposal, time: decided.time }
      const commit = { token, needs, ...commitTexts(gathered, decided, entry) }
      // oxlint-disable-next-line no-await-in-loop -- each try begins with what the last one has found
      reply = await this.#stored(this.#commands.commit(commit))
      if (reply[0] === 'done')
        return Object.freeze({
          id: Number(reply[1]),
          ...entry,
          accounts: Object.freeze([...decided.concerns]),
        })
      // Where only the time was too early, another pause would make it so again: the clock of another process is ahead.
      if (gatheredFrom(reply).versions === gathered.versions) continue
      // oxlint-disable-next-line no-await-in-loop -- so that of many who want the same records each has its turn
      await passed(Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
    }
    throw failed('none', new Error(`others changed the same records ${MOST_TRIES} times meanwhile`))
  }

  /** What is asked for behind a command that failed fails too. */
  async #stored(work: Promise<string[]>): Promise<string[]> {
    try {
      return await work
    } catch (cause) {
      this.#failures++
      throw cause
    }
  }
}

function commitTexts({ versions, view, last }: Gathered, decided: DecidedChange, entry: Proposal) {
  return {
    versions,
    change: changeText(decided, view),
    accounts: accountsText(decided),
    entry: entryText(entry),
    time: entry.time.toISOString(),
    last: last?.toISOString() ?? '',
  }
}

function readingText(wanted: { accounts?: string[]; clients?: string[]; clientsOf?: string[] }): string {
  const { accounts = [], clients = [], clientsOf = [] } = wanted
  return JSON.stringify({
    accounts: accounts.map(encoded),
    clients: clients.map(encoded),
    digests: [],
    partners: [],
    clientsOf: clientsOf.map(encoded),
  })
}

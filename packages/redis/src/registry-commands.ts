import { setTimeout as passed } from 'node:timers/promises'
import { StoreError } from '@api-terms/core'
import type { RegistryKeys } from './keys.js'
import type { ScriptRunner } from './script-runner.js'
import { COMMIT, FIND, LIST, PAGE, READ, SINCE } from './registry-scripts.js'
import type { Script } from './scripts.js'

/** What `COMMIT` is given, in its order. */
export interface Commit {
  readonly token: string
  readonly needs: string
  readonly versions: string
  readonly change: string
  readonly accounts: string
  readonly entry: string
  readonly time: string
  /** That of the entry before it, as it was when the change was decided. */
  readonly last: string
}

/** How a number is written where there is no end. */
const MOST = Number.MAX_SAFE_INTEGER - 1

/** What the registry asks of Redis. Everything rejects with a `StoreError` where it is not answered in time. */
export class RegistryCommands {
  /** How many look-ups there were. */
  finds = 0

  constructor(
    readonly keys: RegistryKeys,
    private readonly runner: ScriptRunner,
  ) {}

  find(digest: string): Promise<string[]> {
    this.finds++
    return this.#run(FIND, [digest], this.keys.found)
  }

  read(needs: string): Promise<string[]> {
    return this.#run(READ, [needs])
  }

  list(partner: string, after: string, limit: number): Promise<string[]> {
    return this.#run(LIST, [partner, after, countText(limit)])
  }

  page(account: string, after: number, limit: number): Promise<string[]> {
    return this.#run(PAGE, [account, countText(after), countText(limit)])
  }

  since(id: string, token: string, limit: number): Promise<string[]> {
    return this.#run(SINCE, [id, token, String(limit)])
  }

  /** Sent a second time where it is not known what became of it: the token keeps it from being done twice. */
  async commit(given: Commit): Promise<string[]> {
    const { token, needs, versions, change, accounts, entry, time, last } = given
    const args = [token, needs, versions, change, accounts, entry, this.keys.channel, time, last]
    try {
      return await this.#run(COMMIT, args)
    } catch (first) {
      // A client that has lost its connection finds another one meanwhile.
      await passed(AGAIN_MS)
      try {
        return await this.#run(COMMIT, args)
      } catch (cause) {
        throw failed(isRefused(first) && isRefused(cause) ? 'none' : 'unknown', cause)
      }
    }
  }

  async #run(script: Script, args: readonly string[], keys = this.keys.all): Promise<string[]> {
    const reply = (await this.runner.run(script, keys, args)) as unknown[]
    return reply.map(String)
  }
}

const AGAIN_MS = 50

/** Redis has answered that it would not do it, and why: in capitals first, as is its way. `COMMIT` fails before it changes anything, or not at all. */
function isRefused(error: unknown): boolean {
  const { cause } = error as { cause?: unknown }
  return cause instanceof Error && /^[A-Z]{3,} /.test(cause.message)
}

export function failed(outcome: 'none' | 'unknown', cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const what = outcome === 'none' ? 'nothing was changed' : 'whether the operation took place is not known'
  return new StoreError(`${why}: ${what}`, { cause, outcome })
}

function countText(count: number): string {
  return String(Math.min(count, MOST))
}

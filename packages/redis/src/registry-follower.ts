import type { RegistryChange } from '@api-terms/core'
import { accountsIn } from './registry-records.js'
import type { RegistryCommands } from './registry-commands.js'
import type { CheckedRegistryOptions } from './registry-options.js'

/** Whatever becomes of messages, the history is looked at so often: a change is heard of within this and the time of a command. */
const LOOK_MS = 250
/** When to subscribe again where it failed. */
const AGAIN_MS = 1000
/** So many entries are taken at once. */
const PORTION = 500

type Listener = (change: RegistryChange) => void

/**
 * Tells of every operation, whichever process has done it: by the history, read on from the last entry that is known. A message says only
 * that it is time to look, so that a message that is lost, or comes twice, changes nothing.
 */
export class RegistryFollower {
  /** The last entry that was told of. Empty: none yet. */
  #known = { id: '', token: '' }
  readonly #findsBefore: number
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #again = false
  #deaf = false
  #stopped = false
  #subscribeAt = 0
  #subscription: Promise<(() => unknown) | undefined> | undefined

  constructor(
    private readonly commands: RegistryCommands,
    private readonly options: CheckedRegistryOptions,
    private readonly listener: Listener,
  ) {
    this.#findsBefore = commands.finds
    void this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    const end = await this.#subscription
    try {
      await end?.()
    } catch {
      // The provider has closed its client before: nothing is left to end.
    }
  }

  async #look(): Promise<void> {
    // A message that comes during a look may tell of what the look has not seen any more.
    this.#again = true
    if (this.#looking || this.#stopped) return
    this.#looking = true
    clearTimeout(this.#timer)
    this.#subscribe()
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what makes an order
        await this.#readOn()
      }
      this.#deaf = false
    } catch (cause) {
      if (!this.#deaf && !this.#stopped)
        this.options.warn('changes-unheard', 'operations of other processes are not heard of', cause)
      this.#deaf = true
    }
    this.#looking = false
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), LOOK_MS).unref()
  }

  async #readOn(): Promise<void> {
    const { id, token } = this.#known
    const [how, ...entries] = await this.commands.since(id, token, PORTION)
    if (this.#stopped) return
    if (how === 'lost') {
      const nothingRead = id === '' && this.commands.finds === this.#findsBefore
      this.#known = { id: entries[0]!, token: entries[1]! }
      if (nothingRead) return
      // What was found before this moment may be out of date. A change that names no account is one of every account.
      return this.listener(Object.freeze({ everywhere: true }) as RegistryChange)
    }
    for (let at = 0; at < entries.length; at += 3) {
      this.#known = { id: entries[at]!, token: entries[at + 1]! }
      for (const account of accountsIn(entries[at + 2]!))
        this.listener(Object.freeze({ account, everywhere: true }))
    }
    if (entries.length >= 3 * PORTION) this.#again = true
  }

  #subscribe(): void {
    const { client, warn } = this.options
    if (this.#subscription || !client.subscribe || performance.now() < this.#subscribeAt) return
    const heard = client.subscribe(this.commands.keys.channel, () => void this.#look())
    this.#subscription = heard.catch((cause: unknown) => {
      this.#subscription = undefined
      if (this.#subscribeAt === 0) warn('subscription-failed', 'changes are looked for, not heard of', cause)
      this.#subscribeAt = performance.now() + AGAIN_MS
      return undefined
    })
  }
}

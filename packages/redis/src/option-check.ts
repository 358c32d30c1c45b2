import { OptionsError, type OptionIssue } from '@api-terms/core'
import { connected, type Connected } from './client.js'

/** Finds all that is wrong with options that have a `client` among them. */
export class OptionCheck {
  readonly #given: object
  readonly #client: Connected | undefined
  readonly #issues: OptionIssue[] = []

  constructor(options: { readonly client: unknown } | undefined) {
    this.#given = options ?? {}
    this.#client = connected(options?.client)
    this.mustBe(
      'client',
      this.#client !== undefined,
      'a client of redis or ioredis, a cluster of either, or a function that sends a command',
    )
  }

  mustBe(path: string, holds: boolean, message: string): void {
    if (!holds) this.#issues.push({ path, message: `must be ${message}` })
  }

  mustBeDuration(path: string, value: unknown): void {
    this.mustBe(path, isDuration(value), 'a whole number of milliseconds, 1 or more')
  }

  /**
   * Ends the check: names beyond these are unknown.
   *
   * @throws OptionsError listing everything that is wrong
   */
  clientOf(known: readonly string[]): Connected {
    for (const path of Object.keys(this.#given))
      if (!known.includes(path))
        this.#issues.push({ path, message: `is not an option; there are ${known.join(', ')}` })
    if (this.#issues.length > 0 || !this.#client) throw new OptionsError(this.#issues)
    return this.#client
  }
}

/** Longer timers fire at once in Node: the delay is a signed integer of 32 bits. */
export function isDuration(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 2_147_483_647
}

/** A listener that throws must not stop what it is told of. */
export function sparing<Told>(listener: (told: Told) => void): (told: Told) => void {
  return (told) => {
    try {
      listener(told)
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown), 'ApiTermsWarning')
    }
  }
}

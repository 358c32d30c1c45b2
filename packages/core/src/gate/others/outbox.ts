import type { VoiceMessage } from '../../voice.js'

/** How many changed accounts a message names. */
const PORTION = 100
/** Beyond so many that could not be told yet, any may have changed. */
const MOST_CHANGED = 10_000
const MOST_ENDS = 1000
const MOST_BANS = 1000

/** Something to be told, and since when it holds. It stays until it was told. */
interface Due {
  readonly message: VoiceMessage
  readonly at: number
  told(): void
}

/** What is still to be told to the other gates. Bounded, however long they cannot be reached. */
export class Outbox {
  readonly #changed = new Map<string, number>()
  #anyChangedAt: number | undefined
  readonly #ends = new Set<{ readonly message: VoiceMessage; readonly at: number }>()
  readonly #bans = new Set<{ readonly message: VoiceMessage; readonly at: number }>()

  /** Where they are too many to be kept apart, all that were open by now are ended: nobody who was to be ended may go on. */
  addEnd(message: VoiceMessage, at: number): void {
    if (this.#ends.size < MOST_ENDS) return void this.#ends.add({ message, at })
    this.#ends.clear()
    this.#ends.add({ message: { say: 'end', filter: {}, why: 'end-missed' }, at })
  }

  /** Of too many the oldest is left out: it ends first. */
  addBan(message: VoiceMessage, at: number): void {
    this.#bans.add({ message, at })
    if (this.#bans.size <= MOST_BANS) return
    const [oldest] = this.#bans
    this.#bans.delete(oldest!)
  }

  /** An account has changed, or, where none is named, any may have. */
  addChange(account: unknown, at: number): void {
    if (typeof account === 'string' && this.#changed.size < MOST_CHANGED) this.#changed.set(account, at)
    else this.#anyChangedAt = at
  }

  next(): Due | undefined {
    const [end] = this.#ends
    if (end) return { ...end, told: () => void this.#ends.delete(end) }
    if (this.#anyChangedAt !== undefined) return this.#anyChange(this.#anyChangedAt)
    return this.#nextChanges() ?? this.#nextBan()
  }

  #anyChange(at: number): Due {
    // They are among any.
    this.#changed.clear()
    return {
      message: { say: 'changed' },
      at,
      told: () => {
        if (this.#anyChangedAt === at) this.#anyChangedAt = undefined
      },
    }
  }

  #nextBan(): Due | undefined {
    const [ban] = this.#bans
    return ban && { ...ban, told: () => void this.#bans.delete(ban) }
  }

  #nextChanges(): Due | undefined {
    const portion = [...this.#changed].slice(0, PORTION)
    if (portion.length === 0) return undefined
    return {
      message: { say: 'changed', accounts: portion.map(([account]) => account) },
      at: portion[0]![1],
      told: () => {
        // It may have changed again meanwhile.
        for (const [account, since] of portion)
          if (this.#changed.get(account) === since) this.#changed.delete(account)
      },
    }
  }
}

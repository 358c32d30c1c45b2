import type { CompleteClock } from '../clock.js'
import type { WarningEvent } from '../events.js'

/** An outage fails every request: it is told when it begins, and while it goes on so often. */
const PAUSE_MS = 60_000

/** What is told of something that fails. */
export type Told = Pick<WarningEvent, 'code' | 'message' | 'cause' | 'count'>

/** Something that fails, with what is known of the last time. */
interface Failing {
  readonly code: WarningEvent['code']
  message: string
  cause: unknown
  toldAt: number
  /** How often since. */
  untold: number
  timer: unknown
}

/** Tells of each thing that fails at once, and then once a minute while it goes on. Every time is counted, the last ones too. */
export class Warnings {
  readonly #failing = new Map<WarningEvent['code'], Failing>()

  constructor(
    private readonly clock: CompleteClock,
    private readonly tell: (told: Told) => void,
  ) {}

  warn(code: WarningEvent['code'], message: string, cause: unknown): void {
    const failing = this.#of(code)
    Object.assign(failing, { message, cause, untold: failing.untold + 1 })
    const wait = failing.toldAt + PAUSE_MS - this.clock.elapsed()
    if (wait <= 0) this.#tell(failing)
    else failing.timer ??= this.clock.setTimeout(() => this.#tell(failing), wait)
  }

  /** Tells what has not been told, and leaves no timer. What fails after that begins anew. */
  close(): void {
    for (const failing of this.#failing.values()) if (failing.untold > 0) this.#tell(failing)
    this.#failing.clear()
  }

  #of(code: WarningEvent['code']): Failing {
    let failing = this.#failing.get(code)
    if (!failing) {
      failing = { code, message: '', cause: undefined, toldAt: -Infinity, untold: 0, timer: undefined }
      this.#failing.set(code, failing)
    }
    return failing
  }

  #tell(failing: Failing): void {
    const { code, message, cause, untold: count } = failing
    this.clock.clearTimeout(failing.timer)
    Object.assign(failing, { toldAt: this.clock.elapsed(), untold: 0, timer: undefined, cause: undefined })
    this.tell({ code, message, count, cause })
  }
}

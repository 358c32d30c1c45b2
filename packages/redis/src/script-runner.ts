import { StoreError } from '@api-terms/core'
import type { SendCommand } from './client.js'
import type { Script } from './scripts.js'

/** Runs scripts in Redis, each within its time. */
export class ScriptRunner {
  readonly #send: SendCommand
  readonly #timeoutMs: number
  /** How many commands have neither been answered nor failed, those included that nobody waits for any more. */
  unanswered = 0

  constructor(send: SendCommand, timeoutMs: number) {
    this.#send = send
    this.#timeoutMs = timeoutMs
  }

  /**
   * Rejects with a StoreError after the time limit, whatever the client's own queue does with the command: it may still be run later, and
   * `onLate` is told its answer then.
   */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    onLate?: (reply: unknown) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ms = this.#timeoutMs
      const sentAt = performance.now()
      const tooLate = () => reject(new StoreError(`Redis took longer than ${ms} ms`))
      const timer = setTimeout(tooLate, ms).unref()
      this.unanswered++
      this.#evaluate(script, [String(keys.length), ...keys, ...args], keys[0]!).then(
        (reply) => {
          this.unanswered--
          clearTimeout(timer)
          // After a pause of the process the answer is read before the timer has its turn: what it grants may be over by now.
          if (performance.now() - sentAt <= ms) return resolve(reply)
          tooLate()
          onLate?.(reply)
        },
        (cause: unknown) => {
          this.unanswered--
          clearTimeout(timer)
          reject(new StoreError('Redis failed', { cause }))
        },
      )
    })
  }

  /** Redis forgets scripts as it restarts, as it fails over and when it is told to; then it gets the text again. */
  async #evaluate(script: Script, args: string[], key: string): Promise<unknown> {
    try {
      return await this.#send(['evalsha', script.sha, ...args], key)
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith('NOSCRIPT')) throw cause
      return this.#send(['eval', script.text, ...args], key)
    }
  }
}

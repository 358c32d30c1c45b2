import type { Connected } from './client.js'

/** While the subscription is there, a message wakes whoever waits; a look finds what a lost connection has swallowed. */
const LOOK_MS = 1000
/** Without one, looking is all there is: one command for all who wait in this process. */
const LOOK_WITHOUT_MS = 100
/** When to subscribe again where it failed. */
const AGAIN_MS = 1000

export interface WakeUpListener {
  /** This place in line has become a lease. */
  onWoken(id: string, inUse: number): void
  /** Messages are heard from now on. What was told before is lost: time to look. */
  onStarted(): void
  onFailed(cause: unknown): void
}

/** Hears that places in line of this process have become leases. Subscribes as somebody has to wait for the first time. */
export class WakeUps {
  #state: 'off' | 'starting' | 'on' | 'closed' = 'off'
  #again = 0
  #end: (() => unknown) | undefined

  constructor(
    private readonly client: Connected,
    private readonly channel: string,
    private readonly hears: WakeUpListener,
  ) {}

  get lookMs(): number {
    return this.#state === 'on' ? LOOK_MS : LOOK_WITHOUT_MS
  }

  start(): void {
    if (this.#state !== 'off' || !this.client.subscribe || performance.now() < this.#again) return
    this.#state = 'starting'
    const heard = (message: string) => {
      const [id = '', inUse] = message.split(' ')
      this.hears.onWoken(id, Number(inUse))
    }
    this.client.subscribe(this.channel, heard).then(
      (end) => {
        if (this.#state === 'closed') return quietly(end)
        this.#state = 'on'
        this.#end = end
        this.hears.onStarted()
      },
      (cause: unknown) => {
        if (this.#state === 'closed') return
        this.#state = 'off'
        this.#again = performance.now() + AGAIN_MS
        this.hears.onFailed(cause)
      },
    )
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    const end = this.#end
    this.#end = undefined
    if (end) await quietly(end)
  }
}

/** The provider may have closed its client before. */
async function quietly(end: () => unknown): Promise<void> {
  try {
    await end()
  } catch {
    // Nothing is left to end.
  }
}

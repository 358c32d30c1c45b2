type Listener = (message: string) => void

/** A connection that can be subscribed to channels. */
export interface Subscriber {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  /** It is not needed any more. */
  end(): unknown
}

/** Opens one; what arrives is told with its channel. */
export type OpenSubscriber = (heard: (channel: string, message: string) => void) => Promise<Subscriber>

interface Channel {
  readonly listeners: Set<Listener>
  readonly subscribed: Promise<unknown>
}

/** One connection for all who listen by way of a client, however many stores and gates share it. It is there while somebody listens. */
export class SharedSubscriber {
  readonly #open: OpenSubscriber
  readonly #channels = new Map<string, Channel>()
  #subscriber: Promise<Subscriber> | undefined

  constructor(open: OpenSubscriber) {
    this.#open = open
  }

  /** Answers what ends it. */
  async subscribe(channel: string, listener: Listener): Promise<() => Promise<void>> {
    // An object of its own, so that a listener given twice can be ended either way.
    const each: Listener = (message) => listener(message)
    const entry = this.#channels.get(channel) ?? this.#start(channel)
    entry.listeners.add(each)
    try {
      await entry.subscribed
    } catch (cause) {
      await this.#leave(channel, entry, each)
      throw cause
    }
    return () => this.#leave(channel, entry, each)
  }

  #start(channel: string): Channel {
    this.#subscriber ??= this.#open((from, message) => {
      for (const listener of this.#channels.get(from)?.listeners ?? []) listener(message)
    })
    const subscribed = this.#subscriber.then((subscriber) => subscriber.subscribe(channel))
    const entry = { listeners: new Set<Listener>(), subscribed }
    this.#channels.set(channel, entry)
    return entry
  }

  async #leave(channel: string, entry: Channel, listener: Listener): Promise<void> {
    if (!entry.listeners.delete(listener) || entry.listeners.size > 0) return
    this.#channels.delete(channel)
    const opened = this.#subscriber
    const isLast = this.#channels.size === 0
    // Who comes meanwhile gets a connection of their own.
    if (isLast) this.#subscriber = undefined
    const subscriber = await opened?.catch(() => undefined)
    if (isLast) await subscriber?.end()
    else if (this.#subscriber === opened && !this.#channels.has(channel))
      await subscriber?.unsubscribe(channel)
  }
}

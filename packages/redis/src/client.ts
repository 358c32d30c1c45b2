import { SharedSubscriber, type OpenSubscriber, type Subscriber } from './subscriber.js'

/** A bare way to send a command: its words, and a key that says where in a cluster it belongs. */
export type SendCommand = (args: string[], key: string) => Promise<unknown>

/**
 * A connected client of `redis` 4, 5 or 6, or of `ioredis` 5 or 6, of Sentinel or a cluster of either, or a function that sends a command. It
 * stays the provider's: who made it closes it.
 */
export type RedisClient =
  | SendCommand
  | { sendCommand(...args: never[]): unknown }
  | { call(...args: never[]): unknown }

/** What the store needs of a client, whichever it is. */
export interface Connected {
  readonly send: SendCommand
  /** A cluster takes only keys of one slot in a command. */
  readonly oneServer: boolean
  /** Absent where there is no way to: then whoever waits is looked after more often. Answers what ends the subscription. */
  readonly subscribe?: (channel: string, listener: (message: string) => void) => Promise<() => unknown>
}

/** Tells clients apart by their shape: an application may have several copies of a package. `undefined` for none that is known. */
export function connected(client: unknown): Connected | undefined {
  if (typeof client === 'function') return { send: client as SendCommand, oneServer: false }
  if (typeof client !== 'object' || client === null) return undefined
  // ioredis has `sendCommand` too, for its own kind of commands.
  if (has(client, 'call')) return ofIoredis(client as Ioredis)
  if (!has(client, 'sendCommand')) return undefined
  if (has(client, 'getMasterNode')) return ofRedisSentinel(client as RedisSentinel)
  return has(client, 'nodeClient') ? ofRedisCluster(client as RedisCluster) : ofRedis(client as Redis)
}

/** By client: those who share one share the connection that is subscribed too. */
const subscribers = new WeakMap<object, SharedSubscriber>()

function subscribing(client: object, open: OpenSubscriber): NonNullable<Connected['subscribe']> {
  return (channel, listener) => {
    let shared = subscribers.get(client)
    if (!shared) subscribers.set(client, (shared = new SharedSubscriber(open)))
    return shared.subscribe(channel, listener)
  }
}

function has(client: object, method: string): boolean {
  return typeof (client as Record<string, unknown>)[method] === 'function'
}

interface Redis {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(): RedisSubscriber
}

interface RedisSubscriber {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  unref?(): unknown
  /** 4 has no `destroy`. */
  destroy?(): unknown
  disconnect(): unknown
}

function ofRedis(client: Redis): Connected {
  return {
    send: (args) => client.sendCommand(args),
    oneServer: true,
    subscribe: subscribing(client, async (heard) => {
      // A connection that is subscribed takes no other commands.
      const subscriber = client.duplicate()
      subscriber.on('error', ignored)
      const end = () => (subscriber.destroy ? subscriber.destroy() : subscriber.disconnect())
      try {
        await subscriber.connect()
      } catch (cause) {
        await end()
        throw cause
      }
      // The process may end as if it were not there.
      subscriber.unref?.()
      return {
        subscribe: (channel) => subscriber.subscribe(channel, (message) => heard(channel, message)),
        unsubscribe: (channel) => subscriber.unsubscribe(channel),
        end,
      }
    }),
  }
}

interface RedisCluster extends SubscribingClient {
  sendCommand(key: string, isReadonly: boolean, args: string[]): Promise<unknown>
}

function ofRedisCluster(client: RedisCluster): Connected {
  return {
    send: (args, key) => client.sendCommand(key, false, args),
    oneServer: false,
    subscribe: subscribing(client, (heard) => Promise.resolve(subscriberWithin(client, heard))),
  }
}

interface SubscribingClient {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** A client that keeps a connection of its own for this, which ends with the last channel. */
function subscriberWithin(client: SubscribingClient, heard: Heard): Subscriber {
  const listeners = new Map<string, (message: string) => void>()
  return {
    subscribe(channel) {
      const listener = (message: string) => heard(channel, message)
      listeners.set(channel, listener)
      return client.subscribe(channel, listener)
    },
    unsubscribe: (channel) => unsubscribed(channel),
    end: () => Promise.all([...listeners.keys()].map(unsubscribed)),
  }

  async function unsubscribed(channel: string): Promise<void> {
    const listener = listeners.get(channel)
    listeners.delete(channel)
    if (listener) await client.unsubscribe(channel, listener)
  }
}

interface RedisSentinel extends SubscribingClient {
  /** In this order, unlike all others. */
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>
}

function ofRedisSentinel(client: RedisSentinel): Connected {
  return {
    send: (args) => client.sendCommand(false, args),
    oneServer: true,
    subscribe: subscribing(client, (heard) => Promise.resolve(subscriberWithin(client, heard))),
  }
}

interface Ioredis {
  readonly isCluster?: boolean
  call(command: string, args: string[]): Promise<unknown>
  duplicate(options?: object): IoredisSubscriber
}

interface IoredisSubscriber {
  readonly stream?: { unref?(): unknown }
  on(event: 'error' | 'connect' | 'ready', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

function ofIoredis(client: Ioredis): Connected {
  const cluster = client.isCluster === true
  const open = cluster ? subscriberOfCluster : subscriberBeside
  return {
    send: ([command, ...args]) => client.call(command!, args),
    oneServer: !cluster,
    subscribe: subscribing(client, (heard) => Promise.resolve(open(client, heard))),
  }
}

type Heard = Parameters<OpenSubscriber>[0]

function subscriberBeside(client: Ioredis, heard: Heard): Subscriber {
  // Its own way to subscribe again would leave a rejection that nobody takes where the connection ends meanwhile.
  const subscriber = client.duplicate({
    lazyConnect: false,
    enableOfflineQueue: true,
    autoResubscribe: false,
  })
  const channels = new Set<string>()
  subscriber.on('error', ignored)
  subscriber.on('ready', () => {
    for (const channel of channels) subscriber.subscribe(channel).catch(ignored)
  })
  // The process may end as if it were not there.
  subscriber.on('connect', () => void subscriber.stream?.unref?.())
  subscriber.on('message', heard)
  return {
    async subscribe(channel) {
      await subscriber.subscribe(channel)
      channels.add(channel)
    },
    unsubscribe(channel) {
      channels.delete(channel)
      return subscriber.unsubscribe(channel)
    },
    end: () => subscriber.disconnect(),
  }
}

/** A cluster keeps a connection of its own for this. */
function subscriberOfCluster(client: Ioredis, heard: Heard): Subscriber {
  const subscriber = client as unknown as IoredisSubscriber
  const channels = new Set<string>()
  subscriber.on('message', heard)
  return {
    subscribe(channel) {
      channels.add(channel)
      return subscriber.subscribe(channel)
    },
    unsubscribe(channel) {
      channels.delete(channel)
      return subscriber.unsubscribe(channel)
    },
    end() {
      subscriber.off('message', heard)
      return Promise.all([...channels].map((channel) => subscriber.unsubscribe(channel)))
    },
  }
}

/** The provider hears of the same fault from its own client, and without a listener it would end the process. */
function ignored(): void {}

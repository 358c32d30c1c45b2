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
  /** 4 has no `destroy`. */
  destroy?(): unknown
  disconnect(): unknown
}

function ofRedis(client: Redis): Connected {
  return {
    send: (args) => client.sendCommand(args),
    oneServer: true,
    async subscribe(channel, listener) {
      // A connection that is subscribed takes no other commands.
      const subscriber = client.duplicate()
      subscriber.on('error', ignored)
      const end = () => (subscriber.destroy ? subscriber.destroy() : subscriber.disconnect())
      try {
        await subscriber.connect()
        await subscriber.subscribe(channel, listener)
        return end
      } catch (cause) {
        await end()
        throw cause
      }
    },
  }
}

interface RedisCluster {
  sendCommand(key: string, isReadonly: boolean, args: string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

function ofRedisCluster(client: RedisCluster): Connected {
  return {
    send: (args, key) => client.sendCommand(key, false, args),
    oneServer: false,
    // It keeps a connection of its own for this.
    async subscribe(channel, listener) {
      await client.subscribe(channel, listener)
      return () => client.unsubscribe(channel, listener)
    },
  }
}

interface RedisSentinel {
  /** In this order, unlike all others. */
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

function ofRedisSentinel(client: RedisSentinel): Connected {
  return {
    send: (args) => client.sendCommand(false, args),
    oneServer: true,
    // It keeps a connection of its own for this.
    async subscribe(channel, listener) {
      await client.subscribe(channel, listener)
      return () => client.unsubscribe(channel, listener)
    },
  }
}

interface Ioredis {
  readonly isCluster?: boolean
  call(command: string, args: string[]): Promise<unknown>
  duplicate(options?: object): IoredisSubscriber
}

interface IoredisSubscriber {
  on(event: 'error', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

function ofIoredis(client: Ioredis): Connected {
  const cluster = client.isCluster === true
  return {
    send: ([command, ...args]) => client.call(command!, args),
    oneServer: !cluster,
    async subscribe(channel, listener) {
      const heard = (from: string, message: string) => from === channel && listener(message)
      // A cluster keeps a connection of its own for this.
      const subscriber = cluster
        ? (client as unknown as IoredisSubscriber)
        : client.duplicate({ lazyConnect: false, enableOfflineQueue: true })
      if (!cluster) subscriber.on('error', ignored)
      subscriber.on('message', heard)
      const end = () => {
        if (!cluster) return subscriber.disconnect()
        subscriber.off('message', heard)
        return subscriber.unsubscribe(channel)
      }
      try {
        await subscriber.subscribe(channel)
        return end
      } catch (cause) {
        await end()
        throw cause
      }
    },
  }
}

/** The provider hears of the same fault from its own client, and without a listener it would end the process. */
function ignored(): void {}

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'

/** A way to a server that a test can spoil. */
export interface TcpProxy {
  readonly port: number
  /** Everything takes so much longer, there and back. */
  delayMs: number
  /** Whoever is connected stays so, and nothing arrives any more: what a crashed machine or a forgotten translation of addresses looks like. */
  swallow: boolean
  /** How many connections there are. */
  readonly open: number
  /** Ends every connection; new ones are taken. */
  cut(): void
  close(): Promise<void>
}

export async function startProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>()
  const pass = (from: Socket, to: Socket) => {
    // One after the other, however the delay changes.
    let before = Promise.resolve()
    from.on('data', (data) => {
      if (proxy.swallow) return
      const after = passed(proxy.delayMs)
      before = before.then(() => after).then(() => void (to.destroyed || to.write(data)))
    })
  }
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
    pass(near, far)
    pass(far, near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    swallow: false,
    get open() {
      return pairs.size
    },
    cut() {
      for (const [near] of pairs) near.destroy()
    },
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

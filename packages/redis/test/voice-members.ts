import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ConnectionFilter, ConnectionView, Limits } from '@api-terms/core'

const PROGRAM = fileURLToPath(new URL('voice-member.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../dist/esm/index.js', import.meta.url))

/** A process that serves the API. */
export interface Server {
  readonly port: number
  process(): Promise<string>
  setLimits(limits: Limits): Promise<void>
  end(filter: ConnectionFilter, why: string): Promise<number>
  connections(filter?: ConnectionFilter): Promise<ConnectionView[]>
  /** Its registry tells of a change. */
  announce(account: string): Promise<void>
  released(): Promise<{ id: string; why?: string }[]>
  warnings(): Promise<string[]>
  close(): Promise<void>
  signal(name: NodeJS.Signals): void
}

export interface ServerOptions {
  url: string
  prefix: string
  limits?: Limits
  waitMs?: number
  leaseMs?: number
  /** Whether its registry can tell of changes. */
  told?: boolean
  /** Its client is a function that sends a command. */
  bare?: boolean
}

export async function startServer(options: ServerOptions): Promise<Server> {
  if (!existsSync(BUILT)) throw new Error('the packages are built first: npm run build')
  const child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  let serial = 0
  const ask = <Answer>(question: string, about?: unknown) => {
    const id = ++serial
    return new Promise<Answer>((resolve, reject) => {
      const heard = (told: { id?: number; answer?: unknown; error?: string }) => {
        if (told.id !== id) return
        child.off('message', heard)
        if (told.error === undefined) resolve(told.answer as Answer)
        else reject(new Error(told.error))
      }
      child.on('message', heard)
      child.send({ id, question, ask: about })
    })
  }
  return {
    port,
    process: () => ask('process'),
    setLimits: (limits) => ask('setLimits', limits),
    end: (filter, why) => ask('end', { filter, why }),
    connections: (filter) => ask('connections', filter),
    announce: (account) => ask('announce', account),
    released: () => ask('released'),
    warnings: () => ask('warnings'),
    close: () => ask('close'),
    signal: (name) => void child.kill(name),
  }
}

/** A connection that lasts. */
export interface Open {
  readonly status: number
  /** Resolves when it is cut off. */
  readonly ended: Promise<void>
  leave(): void
}

/** The status of a request that is over at once. */
export async function statusOf({ port }: Server, key: string): Promise<number> {
  const { status, leave } = await opened(call(port, key, '/v1/hello'))
  leave()
  return status
}

export function openStream({ port }: Server, key: string): Promise<Open> {
  return opened(call(port, key, '/v1/events'))
}

export function openWebSocket({ port }: Server, key: string): Promise<Open> {
  return opened(call(port, key, '/v1/realtime', { Connection: 'Upgrade', Upgrade: 'websocket' }))
}

function call(port: number, key: string, path: string, headers: Record<string, string> = {}): ClientRequest {
  const authorization = `Bearer ${key}`
  return request({
    port,
    host: '127.0.0.1',
    path,
    agent: false,
    headers: { authorization, ...headers },
  }).end()
}

function opened(sent: ClientRequest): Promise<Open> {
  return new Promise((resolve, reject) => {
    const begun = (response: IncomingMessage, socket: Socket) => {
      const ended = new Promise<void>((end) => socket.once('close', () => end()))
      socket.on('error', () => undefined)
      response.on('error', () => undefined).resume()
      resolve({ status: response.statusCode!, ended, leave: () => socket.destroy() })
    }
    sent.once('response', (response) => begun(response, response.socket))
    sent.once('upgrade', begun)
    sent.once('error', reject)
  })
}

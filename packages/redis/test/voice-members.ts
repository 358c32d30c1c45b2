import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ConnectionFilter, ConnectionView, Limits } from '@api-terms/core'

const PROGRAM = fileURLToPath(new URL('voice-member.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../dist/esm/index.js', import.meta.url))

/** A gate and its server, in a process that has others too. */
export interface Server {
  readonly port: number
  /** `gate.process`. */
  readonly name: string
  setLimits(limits: Limits): Promise<void>
  end(filter: ConnectionFilter, why: string): Promise<number>
  connections(filter?: ConnectionFilter): Promise<ConnectionView[]>
  /** Its registry tells of a change. */
  announce(account: string): Promise<void>
  released(): Promise<{ id: string; why?: string }[]>
  warnings(): Promise<string[]>
  close(): Promise<void>
}

export interface ServerOptions {
  prefix: string
  limits?: Limits
  waitMs?: number
  /** Whether its registry can tell of changes. */
  told?: boolean
  /** Its client is a function that sends a command. */
  bare?: boolean
}

/** A process of its own. */
export interface Member {
  serve(options: ServerOptions): Promise<Server>
  signal(name: NodeJS.Signals): void
}

export async function startMember(url: string): Promise<Member> {
  if (!existsSync(BUILT)) throw new Error('the packages are built first: npm run build')
  const child = fork(PROGRAM, [url], { execArgv: [] })
  await once(child, 'message')
  const asked = new Map<number, (told: { answer?: unknown; error?: string }) => void>()
  child.on('message', (told: { id: number; answer?: unknown; error?: string }) => asked.get(told.id)?.(told))
  const ask = <Answer>(gate: string, question: string, about?: unknown) => {
    const id = asked.size
    return new Promise<Answer>((resolve, reject) => {
      asked.set(id, ({ answer, error }) =>
        error === undefined ? resolve(answer as Answer) : reject(new Error(error)),
      )
      child.send({ id, gate, question, about })
    })
  }
  return {
    async serve(options) {
      const { name, port } = await ask<{ name: string; port: number }>('', 'serve', options)
      return {
        name,
        port,
        setLimits: (limits) => ask(name, 'setLimits', limits),
        end: (filter, why) => ask(name, 'end', { filter, why }),
        connections: (filter) => ask(name, 'connections', filter),
        announce: (account) => ask(name, 'announce', account),
        released: () => ask(name, 'released'),
        warnings: () => ask(name, 'warnings'),
        close: () => ask(name, 'close'),
      }
    },
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

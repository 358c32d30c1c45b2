import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  createGate,
  memoryRegistry,
  type Gate,
  type GateOptions,
  type MemoryRegistry,
  type NoticeEvent,
  type RefusedEvent,
  type Registry,
  type ReleasedEvent,
  type WarningEvent,
} from '@api-terms/core'
import { guardRequests, guardUpgrades, termsRouter, type TermsRouterOptions } from '@api-terms/core/node'
import { apiTerms } from '@api-terms/express'
import { apiTerms as koaTerms, termsRouter as koaRouter } from '@api-terms/koa'
import express5 from 'express'
import Koa3 from 'koa'
import { TestClock } from '../clock.js'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

export const DAY = 86_400_000
export const TERMS_URL = 'https://provider.example/terms'
export const BY = { by: 'the provider' } as const

/** An API with the gate before it and the router beside it, in each framework that there is. */
export const FRAMEWORKS = ['Express 4', 'Express 5', 'Koa 2', 'Koa 3', 'node:http'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** A running API, what its gate tells, and time that passes where a test says so. */
export interface Api {
  readonly gate: Gate
  readonly registry: MemoryRegistry
  readonly clock: TestClock
  readonly port: number
  readonly refused: RefusedEvent[]
  readonly released: ReleasedEvent[]
  readonly notices: NoticeEvent[]
  readonly warnings: WarningEvent[]
  /** Registers a client of an account, with the account where there is none, and issues a key. */
  client(id: string, account?: string): Promise<string>
  /** Asks once. A stream is answered with as soon as its head is there. */
  ask(key: string | null, path?: string, init?: RequestInit): Promise<Response>
  /** Opens a stream, and tells when its last byte is there. */
  stream(key: string): Promise<{ readonly ended: Promise<string> }>
  /** Asks for a WebSocket, by hand. */
  upgrade(
    key: string,
  ): Promise<{ readonly status: number; readonly head: string; readonly ended: Promise<void> }>
}

export interface Setting {
  readonly framework?: Framework
  readonly options?: Partial<GateOptions>
  readonly router?: Partial<TermsRouterOptions> | ((registry: MemoryRegistry) => Partial<TermsRouterOptions>)
  /** Where the gate looks keys up. Default: the registry itself, which has its records in memory. */
  readonly lookup?: (registry: MemoryRegistry) => Registry
  /** Middleware that stands before the router. */
  readonly before?: Before
  readonly now?: string
}

export interface Before {
  express?(express: typeof express5): express5.RequestHandler
  koa?: Koa3.Middleware
}

/** A registry of the provider's own, which has to be waited for. */
export function slowLookup(registry: MemoryRegistry): Registry {
  return {
    async findByDigest(digest) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return registry.findByDigest(digest)
    },
    onChange: (listener) => registry.onChange(listener),
  }
}

export async function apiOf(setting: Setting = {}): Promise<Api> {
  const { framework = 'node:http', now = '2026-01-01', lookup, router = {} } = setting
  const clock = new TestClock(Date.parse(now))
  const registry = memoryRegistry({}, { clock })
  const gate = createGate({
    api: 'telephony',
    terms: { url: TERMS_URL },
    registry: lookup?.(registry) ?? registry,
    clock,
    ...setting.options,
  })
  const heard = {
    refused: [] as RefusedEvent[],
    released: [] as ReleasedEvent[],
    notices: [] as NoticeEvent[],
    warnings: [] as WarningEvent[],
  }
  gate.on('refused', (event) => heard.refused.push(event))
  gate.on('released', (event) => heard.released.push(event))
  gate.on('notice', (event) => heard.notices.push(event))
  gate.on('warning', (event) => heard.warnings.push(event))
  const options = { gate, registry, ...(typeof router === 'function' ? router(registry) : router) }
  const server = SERVERS[framework](gate, options, setting.before)
  guardUpgrades(gate, server, (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  const port = await listen(server, gate)
  return {
    gate,
    registry,
    clock,
    port,
    ...heard,
    ...callsOn(port),
    client: (id, account) => clientIn(registry, id, account),
  }
}

async function clientIn(registry: MemoryRegistry, id: string, account = 'acme'): Promise<string> {
  if (!registry.account(account)) await registry.registerAccount({ id: account, ...BY })
  await registry.registerClient({ id, account, ...BY })
  return (await registry.issueKey({ client: id, ...BY })).key
}

function answer(req: IncomingMessage, res: ServerResponse): void {
  if (req.url?.endsWith('/events'))
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n')
  else res.end('fine')
}

const SERVERS: Record<Framework, (gate: Gate, router: TermsRouterOptions, before?: Before) => Server> = {
  'Express 4': (...parts) => createServer(expressApp(express4, ...parts)),
  'Express 5': (...parts) => createServer(expressApp(express5, ...parts)),
  'Koa 2': (...parts) => koaServer(Koa2, ...parts),
  'Koa 3': (...parts) => koaServer(Koa3, ...parts),
  'node:http'(gate, options) {
    const router = termsRouter({ ...options, path: '/terms' })
    const guarded = guardRequests(gate, answer)
    return createServer((req, res) =>
      router(req, res, (error) => (error === undefined ? guarded(req, res) : res.destroy())),
    )
  },
}

function expressApp(express: typeof express5, gate: Gate, router: TermsRouterOptions, before?: Before) {
  const app = express().disable('x-powered-by')
  if (before?.express) app.use(before.express(express))
  return app
    .use('/terms', termsRouter(router))
    .use('/v1', apiTerms(gate))
    .use((req, res) => answer(req, res))
}

function koaServer(Koa: typeof Koa3, gate: Gate, router: TermsRouterOptions, before?: Before): Server {
  const app = new Koa()
  app.silent = true
  if (before?.koa) app.use(before.koa)
  app.use(koaRouter({ ...router, path: '/terms' }))
  app.use(koaTerms(gate))
  app.use((ctx) => {
    ctx.respond = false
    ctx.res.statusCode = 200
    answer(ctx.req, ctx.res)
  })
  const listener = app.callback()
  return createServer((req, res) => void listener(req, res))
}

async function listen(server: Server, gate: Gate): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    await gate.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  return (server.address() as AddressInfo).port
}

function callsOn(port: number): Pick<Api, 'ask' | 'stream' | 'upgrade'> {
  const ask: Api['ask'] = (key, path = '/v1/calls', init = {}) => {
    const credential = key === null ? [] : [['Authorization', `Bearer ${key}`] as [string, string]]
    const headers = [...credential, ...new Headers(init.headers)]
    return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers })
  }
  return {
    ask,
    async stream(key) {
      const response = await ask(key, '/v1/events')
      if (response.status !== 200) throw new Error(`refused: ${await response.text()}`)
      return { ended: response.text().catch((error: unknown) => `cut off: ${String(error)}`) }
    },
    async upgrade(key) {
      const socket = connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {})
      const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
      const head = ['GET /v1/realtime HTTP/1.1', 'Host: api', 'Connection: Upgrade', 'Upgrade: websocket']
      socket.write(`${[...head, `Authorization: Bearer ${key}`].join('\r\n')}\r\n\r\n`)
      const first = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      )
      const [answered = ''] = first.split('\r\n\r\n')
      return { status: Number(answered.slice(9, 12)), head: answered, ended }
    },
  }
}

/** The reason of a refusal, or the status of another answer. */
export async function told(response: Response | Promise<Response>): Promise<string | number> {
  const answered = await response
  const body = await answered.text()
  const isProblem = answered.headers.get('content-type') === 'application/problem+json'
  return isProblem ? ((JSON.parse(body) as { reason?: string }).reason ?? answered.status) : answered.status
}

/** Posts an acceptance to the router. */
export function accepting(version: string, more: Record<string, unknown> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ version, by: 'Ada Acme', entity: 'Acme Ltd', ...more }),
  }
}

import { Agent } from 'node:http'
import { createGate } from '@api-terms/core'
import { close, listen, type Setup, type Subject } from '../subjects.js'
import { gateOptions } from './accounts.js'
import { askingAt, type Ask } from './asking.js'
import { CACHING, taggingHandlers } from './behaviours.js'
import { startNginx } from './nginx.js'

/** An app behind the gate. */
export interface App {
  readonly port: number
  /** Asks it past all caches. */
  readonly ask: Ask
  stop(): Promise<void>
}

export async function startApp(subject: Subject, setup: Setup = {}): Promise<App> {
  const requests = { methods: ['GET', 'POST'], paths: ['/v1/*rest'] }
  const gate = createGate(gateOptions({ caching: CACHING, requests }))
  const running = await listen(subject, gate, taggingHandlers(), setup)
  const agent = new Agent({ keepAlive: true })
  return {
    port: running.port,
    ask: askingAt({ port: running.port }, agent),
    async stop() {
      agent.destroy()
      await close(running)
    },
  }
}

/** An app behind the gate behind nginx. */
export interface BehindNginx {
  /** Through the cache that heeds Vary. */
  readonly heedful: Ask
  /** Through the cache that passes over Vary. */
  readonly careless: Ask
  stop(): Promise<void>
}

export async function startBehindNginx(subject: Subject, setup: Setup = {}): Promise<BehindNginx> {
  const app = await startApp(subject, setup)
  const nginx = await startNginx(app.port).catch(async (error: unknown) => {
    await app.stop()
    throw error
  })
  const agent = new Agent({ keepAlive: true })
  return {
    heedful: askingAt({ socketPath: nginx.heedful }, agent),
    careless: askingAt({ socketPath: nginx.careless }, agent),
    async stop() {
      agent.destroy()
      await nginx.stop()
      await app.stop()
    },
  }
}

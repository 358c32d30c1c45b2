import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Server as HttpServer } from 'node:http'
import { Server, type AddressInfo } from 'node:net'
import { format } from 'node:util'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../sources.js'
import type { Block } from './blocks.js'

/** A folder that Git, the compiler and the linter pass over, and from which packages are found as from any test. */
export function scratchFolder() {
  const path = mkdtempSync(join(ROOT, 'test/.readme-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Writes a block as a module. What it is given stands in one line before it, so that its own lines keep their distance. */
export function writeBlock(folder: string, { document, line, language, code, given }: Block): string {
  const name = `${document.replaceAll(/[/.]/g, '-')}-line-${line}.${language}`
  const before = given.length > 0 ? `import { ${given.join(', ')} } from '../docs/given.js';` : ''
  writeFileSync(join(folder, name), `${before}export {};\n${code}\n`)
  return join(folder, name)
}

/** A block that has run: what it left behind. */
export interface Ran {
  readonly exports: Record<string, unknown>
  readonly printed: readonly string[]
  /** The last server that it opened. */
  readonly server: HttpServer
  readonly port: number
  /** Sends it a signal, as the system would. */
  signal(name: 'SIGTERM'): void
  close(): void
}

type Listen = (this: Server, ...args: unknown[]) => Server

/** Runs a module as a program would run, but each server on a free port, whatever number it asks for. */
export async function runModule(path: string): Promise<Ran> {
  const servers: Server[] = []
  const printed: string[] = []
  const signals = new Set(process.listeners('SIGTERM'))
  const prototype = Server.prototype as unknown as { listen: Listen }
  const { listen } = prototype
  const { log } = console
  prototype.listen = function onAnyPort(...args) {
    servers.push(this)
    return listen.apply(this, typeof args[0] === 'number' ? [0, ...args.slice(1)] : args)
  }
  console.log = (...args: unknown[]) => void printed.push(format(...args))
  const restore = () => {
    console.log = log
    prototype.listen = listen
  }
  try {
    const exports = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Record<string, unknown>
    // A server listens before it says so, and what the block prints then is of interest too.
    await new Promise((resolve) => setImmediate(resolve))
    const added = process.listeners('SIGTERM').filter((listener) => !signals.has(listener))
    const server = servers.at(-1) as HttpServer
    return {
      exports,
      printed,
      server,
      port: server ? (server.address() as AddressInfo).port : 0,
      signal: (name) => added.forEach((listener) => listener.call(process, name)),
      close() {
        restore()
        for (const listener of added) process.off('SIGTERM', listener)
        for (const each of servers) {
          each.close()
          if (each instanceof HttpServer) each.closeAllConnections()
        }
      },
    }
  } catch (cause) {
    restore()
    throw cause
  }
}

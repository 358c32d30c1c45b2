import type { Block } from './blocks.js'
import { CHECKS } from './checks.js'
import { comparePrinted, exchange } from './exchange.js'
import { key, token } from './given.js'
import { runModule, type Ran } from './running.js'
import { SHELL } from './shell.js'

/** Goes through a document block by block: an exchange is held with the server that the block before it has opened. */
export class Reader {
  #ran: Ran | undefined
  #printed: string | void = undefined

  constructor(private readonly paths: ReadonlyMap<Block, string>) {}

  async run(block: Block): Promise<void> {
    if (block.language === 'http') return this.#exchange(block.code)
    if (block.language === 'sh') this.#printed = await oneOf(SHELL, block.check ?? '')(block.code)
    else await this.#runModule(block)
  }

  close(): void {
    this.#ran?.close()
    this.#ran = undefined
  }

  async #runModule(block: Block): Promise<void> {
    this.close()
    this.#ran = await runModule(this.paths.get(block) ?? '')
    if (block.check !== undefined) await oneOf(CHECKS, block.check)(this.#ran)
  }

  async #exchange(code: string): Promise<void> {
    if (code.startsWith('HTTP/1.1')) return comparePrinted(code, this.#printed ?? '')
    if (!this.#ran?.server) throw new Error('no block before it has opened a server')
    const printed = /key_\w{38}/.exec(this.#ran.printed.join('\n'))?.[0]
    await exchange(code, this.#ran.port, { 'key_…': printed ?? key, 'token-of-…': token })
  }
}

function oneOf<F>(functions: Record<string, F>, name: string): F {
  const found = functions[name]
  if (found) return found
  throw new Error(`"<!-- check: ${name} -->" names none of: ${Object.keys(functions).join(', ')}`)
}

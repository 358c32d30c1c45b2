import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('registry-member.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../dist/esm/index.js', import.meta.url))

/** An operation that a process was told is done: the id of its entry, and the reason that it gave. */
export interface Confirmed {
  readonly id: number
  readonly why: string
}

/** A process that writes to a registry as fast as it can. */
export interface Writer {
  readonly confirmed: readonly Confirmed[]
  readonly errors: readonly string[]
  start(): void
  kill(): Promise<void>
}

export async function startWriter(url: string, prefix: string, name: string): Promise<Writer> {
  if (!existsSync(BUILT)) throw new Error('the packages are built first: npm run build')
  const child = fork(PROGRAM, [url, prefix, name], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  const confirmed: Confirmed[] = []
  const errors: string[] = []
  child.on('message', (told: Partial<Confirmed> & { error?: string }) => {
    if (told.error === undefined) confirmed.push(told as Confirmed)
    else errors.push(told.error)
  })
  return {
    confirmed,
    errors,
    start: () => void child.send('start'),
    async kill() {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}

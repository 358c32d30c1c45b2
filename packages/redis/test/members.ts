import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { LeaseAsk } from '@api-terms/core'
import type { RedisConnectionsOptions } from '@api-terms/redis'
import { ASK } from './store-setting.js'

const JUMPING_CLOCK = new URL('jumping-clock.mjs', import.meta.url).href
const PROGRAM = fileURLToPath(new URL('member.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../dist/esm/index.js', import.meta.url))

interface Told {
  readonly id?: number
  readonly answer?: unknown
  readonly error?: string
}

/** A process that counts together with others. */
export interface Member {
  /** A number for what was granted. */
  take(changes?: Partial<LeaseAsk>): Promise<number | undefined>
  release(number: number): Promise<void>
  lost(): Promise<number[]>
  close(): Promise<void>
  load(load: { asks: LeaseAsk[]; tasks: number; forMs: number; atLeast: number }): Promise<{
    seen: Record<string, number>
    granted: number
  }>
  /** Its clocks, of the day and the steady one, jump by so much. */
  jump(ms: number): void
  /** Does not wait for an end: a process that was stopped has none. */
  signal(name: NodeJS.Signals): void
}

export async function startMember(
  options: { url: string } & Omit<RedisConnectionsOptions, 'client' | 'onWarning'>,
  finished: (end: () => void) => unknown = onTestFinished,
): Promise<Member> {
  if (!existsSync(BUILT)) throw new Error('the packages are built first: npm run build')
  const child = fork(PROGRAM, [JSON.stringify(options)], {
    execArgv: ['--import', JUMPING_CLOCK],
  })
  finished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  let serial = 0
  const ask = <Answer>(question: string, about?: unknown) => {
    const id = ++serial
    return new Promise<Answer>((resolve, reject) => {
      const heard = (told: Told) => {
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
    take: (changes) => ask('take', { ...ASK, ...changes }),
    release: (number) => ask('release', number),
    lost: () => ask('lost'),
    close: () => ask('close'),
    load: (load) => ask('load', load),
    jump: (ms) => void child.send({ jumpMs: ms }),
    signal: (name) => void child.kill(name),
  }
}

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { IssuedKey } from '../src/index.js'
import { callerOf, nextEvent } from './caller.js'

/** What the built program does, run as anybody runs it. */
export function describeProgram(
  name: string,
  main: URL,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
  tellsCoverage = true,
): void {
  describe(`The program in ${name}`, () => {
    test.each(signals)(
      'prints its keys, serves, and ends well on %s',
      { timeout: PATIENCE_MS },
      async (signal) => {
        const { program, lines, url, keys } = await startProgram(main)
        try {
          expect(keys.map(({ client }) => client)).toEqual([
            'acme-crm',
            'acme-wallboard',
            'globex-crm',
            'initech-crm',
            'hooli-rooms',
          ])

          const acme = callerOf(url, keys, 'acme-crm')
          expect((await acme.fetch('/v1/extensions')).status).toBe(200)
          const webSocket = acme.webSocket()
          await nextEvent(webSocket)
          const stream = await acme.fetch('/v1/events')

          const began = performance.now()
          program.kill(signal)
          const [code] = (await once(program, 'exit')) as [number | null]
          expect(code).toBe(0)
          expect(performance.now() - began).toBeLessThan(2_000)
          expect(await stream.text()).toContain('data: ')
          const others: string[] = []
          for (let line = await lines.next(); !line.done; line = await lines.next()) others.push(line.value)
          expect(others.filter((line) => !line.startsWith('# '))).toEqual([])
          expect(others.some((line) => /^# 8\(b\) +left to people /.test(line))).toBe(tellsCoverage)
        } finally {
          program.kill('SIGKILL')
        }
      },
    )
  })
}

/** Several processes take their time to start where others are at work. */
export const PATIENCE_MS = 60_000

/** An example at work, as its own lines tell of it. */
export interface Program {
  readonly program: ChildProcess
  /** What it prints after these. */
  readonly lines: AsyncIterator<string>
  readonly url: string
  readonly keys: readonly IssuedKey[]
}

export async function startProgram(main: URL, env: Record<string, string> = {}): Promise<Program> {
  const path = fileURLToPath(main)
  expect(existsSync(path), 'the examples are built first: npm run build').toBe(true)
  const program = spawn(process.execPath, [path], {
    env: { PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
    const nextLine = async () => String((await lines.next()).value)
    const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(await nextLine())?.[1] ?? ''
    const keys = []
    for (let left = 5; left > 0; left -= 1) keys.push(issuedKeyIn(await nextLine()))
    return { program, lines, url, keys }
  } catch (error) {
    program.kill('SIGKILL')
    throw error
  }
}

function issuedKeyIn(line: string): IssuedKey {
  const [, account, client, key] = /^account=(\S+) client=(\S+) key=(\S+)$/.exec(line) ?? []
  if (!account || !client || !key) throw new Error('The line is not of the form account=… client=… key=….')
  return { account, client, key }
}

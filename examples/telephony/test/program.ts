import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { IssuedKey } from '../src/index.js'
import { callerOf, nextEvent, type Caller } from './caller.js'

/** What the built program does, run as anybody runs it. */
export function describeProgram(
  name: string,
  main: URL,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
  keepsRecords = true,
): void {
  describe(`The program in ${name}`, () => {
    test.each(signals)(
      'prints its keys, serves, and ends well on %s',
      { timeout: PATIENCE_MS },
      async (signal) => {
        const folder = await scratchFolder()
        const { program, lines, url, keys } = await startProgram(main, { TMPDIR: folder })
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
          if (keepsRecords) await keepsLedger(folder, acme, keys)
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
          expect(others[0]).toMatch(/^# clause +met +what is asked \| by \| open$/)
          // What is left, besides what only a ledger keeps: no content of the API's has a licence, and the example is there for plain HTTP on this machine.
          expect(clausesOf(others, /^# \S+ +not met /)).toEqual(['5(d)4'])
          const unwatched = keepsRecords ? [] : ['2(d)', '3(a)', '4(a)1', '5(d)1']
          expect(clausesOf(others, / \| open: /).toSorted()).toEqual(
            ['4(b)1', '5(c)', '5(d)4', ...unwatched].toSorted(),
          )
          expect(clausesOf(others, /^# \S+ +left to people /)).toHaveLength(17)
          expect(await readdir(folder)).toEqual([])
        } finally {
          program.kill('SIGKILL')
        }
      },
    )
  })
}

/** The clauses in the lines of the coverage table that fit. */
function clausesOf(lines: readonly string[], fits: RegExp): string[] {
  return lines.filter((line) => fits.test(line)).map((line) => line.split(' ')[1] ?? '')
}

/** The ledger stands in the folder for as long as the program runs: refusals and operations, and never a key (3(a), 4(b)). */
async function keepsLedger(folder: string, acme: Caller, keys: readonly IssuedKey[]): Promise<void> {
  expect((await acme.fetch('/v1/countries', { method: 'DELETE' })).status).toBe(405)
  expect((await acme.fetch(`/v1/extensions?api_key=${keys[0]?.key}`)).status).toBe(400)
  const [own = ''] = await readdir(folder)
  const ledger = await vi.waitFor(async () => {
    const text = await readFile(join(folder, own, 'ledger.ndjson'), 'utf8')
    expect(text).toContain('credentials-in-url')
    return text
  })
  const entries = ledger
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { what: string })
  expect(new Set(entries.map(({ what }) => what))).toEqual(new Set(['operation', 'refused']))
  for (const { key } of keys) expect(ledger).not.toContain(key)
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

export async function startProgram(
  main: URL,
  env: Record<string, string> = {},
  options: SpawnOptions = {},
): Promise<Program> {
  const program = spawnProgram(main, env, options)
  try {
    const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]()
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

/** On a free port, unless told otherwise. */
export function spawnProgram(
  main: URL,
  env: Record<string, string>,
  options: SpawnOptions = {},
): ChildProcess {
  const path = fileURLToPath(main)
  expect(existsSync(path), 'the examples are built first: npm run build').toBe(true)
  return spawn(process.execPath, [path], {
    env: { PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  })
}

/** As in a terminal, which signals all processes of a command. */
export const ofOwnGroup: SpawnOptions = { detached: true }

/** Gone with the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-program-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function issuedKeyIn(line: string): IssuedKey {
  const [, account, client, key] = /^account=(\S+) client=(\S+) key=(\S+)$/.exec(line) ?? []
  if (!account || !client || !key) throw new Error('The line is not of the form account=… client=… key=….')
  return { account, client, key }
}

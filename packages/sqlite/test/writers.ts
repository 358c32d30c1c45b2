import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { sqliteRegistry, type DriverName } from '@api-terms/sqlite'
import { historyOf, replayed, stateOf } from '../../../test/registry-replay.js'
import { Database } from '../src/database.js'
import { checkFile } from '../src/options.js'

export interface WriterOptions {
  readonly path: string
  readonly driver: DriverName
  readonly name: string
  /** How many rounds. Absent: until it is killed. */
  readonly most?: number
}

/** What another process was told to be done: the id, and the operation as JSON. */
export type Confirmed = readonly [id: number, operation: unknown]

/** What it says first. */
const READY = JSON.stringify('ready')

/** Starts a process that writes, and resolves when it begins to. */
export async function startWriter(options: WriterOptions) {
  const path = fileURLToPath(new URL('writer.mjs', import.meta.url))
  const child = spawn(process.execPath, [path, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const over = once(child, 'close')
  const confirmed: Confirmed[] = []
  const lines = createInterface(child.stdout)
  const ready = once(lines, 'line')
  // From the first line on: more may come with it.
  lines.on('line', (line) => line !== READY && confirmed.push(JSON.parse(line) as Confirmed))
  await ready
  return {
    /** What it was told, after it has ended by itself. */
    async finished(): Promise<readonly Confirmed[]> {
      const [code] = (await over) as [number]
      expect(code).toBe(0)
      return confirmed
    },
    async killed(): Promise<readonly Confirmed[]> {
      child.kill('SIGKILL')
      await over
      return confirmed
    },
  }
}

/** The file is whole: everything that was confirmed is there, in one order without gaps, and leads to the records that there are. */
export async function expectAll(
  options: { readonly path: string; readonly driver: DriverName },
  confirmed: readonly Confirmed[],
): Promise<number> {
  const registry = sqliteRegistry(options)
  const history = await historyOf(registry)
  const state = await stateOf(registry)
  await registry.close()
  expect(history.map(({ id }) => id)).toEqual(history.map((_, i) => i + 1))
  for (const [id, operation] of confirmed) {
    expect(JSON.parse(JSON.stringify(history[id - 1]?.operation))).toEqual(operation)
  }
  expect(replayed(history)).toEqual(state)

  const database = new Database(checkFile(options, {}), { durable: true })
  expect(database.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  await database.close()
  return history.length
}

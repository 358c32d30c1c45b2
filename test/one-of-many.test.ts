import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('cluster-worker.mjs', import.meta.url))

interface Told {
  readonly codes: string[]
  /** By gate: the default store, that of the memory given by name, one of the provider's own. */
  readonly messages: string[][]
}

async function toldIn(how: 'cluster' | 'alone', environment: Record<string, string> = {}): Promise<Told[]> {
  const env = { PATH: process.env['PATH'], ...environment }
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, how], { env })
  return JSON.parse(stdout) as Told[]
}

const REMEDY = [expect.stringMatching(/^memory-store-in-cluster: .*@api-terms\/redis/)]
const WARNED = { codes: ['API_TERMS_MEMORY_STORE'], messages: [REMEDY, REMEDY, []] }
const QUIET = { codes: [], messages: [[], [], []] }

test('lesson 25: each worker of node:cluster is warned once of the store in its memory, with the remedy', async () => {
  expect(await toldIn('cluster')).toEqual([WARNED, WARNED])
})

test('a process by itself is not warned', async () => {
  expect(await toldIn('alone')).toEqual([QUIET])
})

/** What PM2 6 tells its processes. */
const pm2 = (instance: string, mode: 'cluster' | 'fork', instances: string) => ({
  pm_id: '5',
  NODE_APP_INSTANCE: instance,
  exec_mode: `${mode}_mode`,
  instances,
})

test.each<[string, Record<string, string>, object]>([
  ['one of several in cluster mode', pm2('0', 'cluster', '4'), WARNED],
  ['one of several in fork mode', pm2('0', 'fork', '2'), WARNED],
  ['one that was added later', pm2('1', 'cluster', '1'), WARNED],
  ['the only one, in cluster mode', pm2('0', 'cluster', '1'), QUIET],
  ['the only one, in fork mode', pm2('0', 'fork', '1'), QUIET],
])('a process of PM2, %s', async (_how, environment, told) => {
  expect(await toldIn('alone', environment)).toEqual([told])
})

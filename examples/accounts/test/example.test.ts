import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { pressCtrlC } from '../../telephony/test/ending.js'
import { ofOwnGroup, scratchFolder, spawnProgram } from '../../telephony/test/program.js'
import { STEPS } from '../src/steps.js'

/** What each step prints: an operation that is not here is not shown. */
const PRINTED: Record<string, string> = {
  'registerAccount, registerClient, issueKey': '403 terms-not-accepted',
  acceptTerms: '2026-01 for Umbrella, 200 10 reads at once',
  'updateAccount, updateClient, verify':
    'with another API granted 403 api-not-granted, with every API 200 10 reads at once',
  rotateKey:
    'old key 200 10 reads at once, new key 200 10 reads at once, after the overlap old key 401 credentials-invalid',
  revokeKey: '401 credentials-invalid',
  'grant, withdrawGrant':
    '200 25 reads at once, after its time 200 10 reads at once, withdrawn 200 10 reads at once',
  'suspend, reinstate': '403 account-suspended, its stream was cut off, reinstated 200 10 reads at once',
  'suspend, reinstate a partner': '403 account-suspended, reinstated 200 10 reads at once',
  terminate:
    'notice given 200 10 reads at once, from its date 403 account-terminated, api-terms: account umbrella is terminated',
}

const MAIN = new URL('../dist/main.js', import.meta.url)

let lines: string[]

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(MAIN)])
  lines = stdout.split('\n')
}, 60_000)

test.each(STEPS)('$operation is shown, and what a request gets after it', ({ operation, clause }) => {
  expect(lines).toContain(`${operation} (clause ${clause}): ${PRINTED[operation]}`)
})

test('the history tells all of it', () => {
  const history = lines.slice(lines.indexOf('The history of umbrella:') + 1).filter(Boolean)
  const kinds = history.map((line) => line.split(' ')[2])
  expect(new Set(kinds)).toEqual(
    new Set([
      'register-account',
      'register-client',
      'issue-key',
      'update-client',
      'update-account',
      'verify',
      'rotate-key',
      'revoke-key',
      'accept-terms',
      'grant',
      'withdraw-grant',
      'suspend',
      'reinstate',
      'terminate',
    ]),
  )
  expect(
    history.some((line) => line.endsWith('revoke-key by ops@provider.example: found in a public repository')),
  ).toBe(true)
})

test('Ctrl-C in the middle of it leaves nothing', async () => {
  const folder = await scratchFolder()
  const program = spawnProgram(MAIN, { TMPDIR: folder }, ofOwnGroup)
  onTestFinished(() => void program.kill('SIGKILL'))
  const ended = once(program, 'exit')
  await once(program.stdout!, 'data')
  pressCtrlC(program)
  expect(await ended).toEqual([0, null])
  expect(await readdir(folder)).toEqual([])
})

test('a reader that has seen enough, as head has, ends it, and leaves nothing', async () => {
  const folder = await scratchFolder()
  const program = spawnProgram(MAIN, { TMPDIR: folder }, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void program.kill('SIGKILL'))
  const ended = once(program, 'exit')
  const faults = text(program.stderr!)
  await once(program.stdout!, 'data')
  program.stdout!.destroy()
  expect(await ended).toEqual([0, null])
  expect(await faults).toBe('')
  expect(await readdir(folder)).toEqual([])
})

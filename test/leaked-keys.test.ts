import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { issueKey } from '@api-terms/core'
import { expect, test } from 'vitest'
import { ROOT } from './sources.js'

/** The lines that the search, which `npm test` makes of everything printed, finds in a text. */
async function found(text: string): Promise<string[]> {
  const script = `
    const { linesWithKeys } = await import('./test/leaked-keys.mjs')
    console.log(JSON.stringify(linesWithKeys(process.argv[1])))`
  const args = ['--input-type=module', '--eval', script, '--', text]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  return JSON.parse(stdout) as string[]
}

test('a key that was printed is found, whatever stands around it, and shown as its hint only', async () => {
  const prefixes = ['key', 'acme_live', 'k'.repeat(32)]
  for (const { key, hint } of prefixes.map((prefix) => issueKey({ prefix }))) {
    const texts = [key, `\\n${key}\\n`, `"Bearer ${key}"`, `?a_b=${key}x`, `left_${key}`, `${key}_${key}`]
    const lines = await found(texts.join('\n'))
    // Said in numbers, so that a failure prints no key either.
    expect(lines.length).toBe(texts.length)
    expect(lines.filter((line) => line.includes(key)).length).toBe(0)
    expect(lines[0]).toBe(hint)
  }
})

test('what only looks like a key is not', async () => {
  const { key, digest, hint } = issueKey()
  const wrong = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  expect(await found([wrong, key.slice(0, -1), key.slice(3), digest, hint].join('\n'))).toEqual([])
})

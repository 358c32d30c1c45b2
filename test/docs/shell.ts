import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { buildServer } from '../../examples/express/src/app.js'
import { manifest, PACKAGES, ROOT } from '../sources.js'

/** How an `sh` block is run: `<!-- check: … -->` before it names one of these. Answers with what it printed. */
export const SHELL: Record<string, (code: string) => Promise<string> | void> = {
  /** The packages named are published from here; every other is one that the tests use themselves. */
  install(code) {
    const names = code
      .split('\n')
      .filter((line) => line.startsWith('npm install '))
      .flatMap((line) => line.split(' ').slice(2))
      .filter((name) => !name.startsWith('-'))
    expect(names).not.toEqual([])
    const others = Object.keys((manifest('test') as { devDependencies?: object }).devDependencies ?? {})
    const known = [...PACKAGES.map((name) => `@api-terms/${name}`), ...others]
    expect(names.filter((name) => !known.includes(name))).toEqual([])
  },

  /** The commands of the workspace: what they do has tests of its own, so it is held only that they are there. */
  commands(code) {
    const known = Object.keys(manifest('.').scripts ?? {})
    const unknown = code.split('\n').filter((line) => {
      const [, script = '', example] = /^p?npm (?:run )?(\w+)(?: -- (\w+))?/.exec(line) ?? []
      const isThere = example === undefined || existsSync(join(ROOT, 'examples', example, 'package.json'))
      return !known.includes(script) || !isThere
    })
    expect(unknown).toEqual([])
  },

  admitted: (code) => inExample(code, ['200 OK']),
  refused: (code) => inExample(code, ['401 Unauthorized']),
  oneWrite: (code) => inExample(code, ['429 Too Many Requests']),
  ownState: (code) => inExample(code, ['200 OK', '"acceptances":[{"version":"2026-01"']),
  ownUsage: (code) => inExample(code, ['"account":"acme"', '"connections":1']),
  accepted: (code) => inExample(code, ['"version":"2026-01"', '"by":"legal@acme.example"']),
  tenStreams: (code) => inExample(code, ['429', ...Array<string>(10).fill('200')]),
}

/** Runs it in a shell beside the running example: what comes back holds all of these, in whatever order. */
async function inExample(code: string, expected: readonly string[]): Promise<string> {
  const example = buildServer()
  const url = await example.listen(0, '127.0.0.1')
  try {
    const { key = '' } = example.keys.find(({ client }) => client === 'acme-crm') ?? {}
    const printed = await shell(code.replaceAll('http://127.0.0.1:3000', url).replace(/^KEY=.*$/m, ''), key)
    const rest = expected.reduce((text, each) => {
      expect(text).toContain(each)
      return text.replace(each, '')
    }, printed)
    expect(rest).not.toContain(expected[0])
    return printed
  } finally {
    await example.close()
  }
}

/** Settles as the shell ends, whatever it left running: that is ended with it. */
function shell(code: string, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', code], { detached: true, env: { ...process.env, KEY: key } })
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.on('error', reject)
    child.on('exit', () => {
      // Else what it left running would go on to the end of its time.
      if (child.pid) endGroup(child.pid)
      setImmediate(() => resolve(printed))
    })
  })
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid)
  } catch {
    // Nothing was left.
  }
}

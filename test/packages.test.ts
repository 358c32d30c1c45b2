import { exec } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manifest, PACKAGES, ROOT } from './sources.js'

const CONSUMERS = 'test/consumers'
const PROJECTS = readdirSync(join(ROOT, CONSUMERS), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && testScript(entry.name))
  .map((entry) => entry.name)

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-terms-packed-'))
  // Each project is copied without what a run in place may have left beside it.
  const left = /[\\/](node_modules|dist|tarballs)$/
  await cp(join(ROOT, CONSUMERS), folder, { recursive: true, filter: (path) => !left.test(path) })
  await mkdir(join(folder, 'tarballs'))
  const pnpm = `npx -y ${manifest('.').packageManager}`
  await shell('node test/build.mjs', ROOT)
  for (const name of PACKAGES) {
    await shell(`${pnpm} pack --out ${tarball(name)}`, join(ROOT, 'packages', name))
  }
  // The lock file pins what others publish; the tarballs are new each time, which a frozen one would not allow.
  await shell(`${pnpm} install --prefer-offline --no-frozen-lockfile`, folder)
}, 300_000)

afterAll(() => rm(folder, { recursive: true }))

describe.each(PACKAGES)('the packed package %s', (name) => {
  test('has nothing that publint would change', async () => {
    const packed = await readFile(tarball(name))
    const { messages } = await publint({ pack: { tarball: arrayBuffer(packed) }, strict: true })
    expect(messages).toEqual([])
  })

  test('has types that agree with its code, for every way to resolve them', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(await readFile(tarball(name))))
    expect(analysis).toMatchObject({ types: { kind: 'included' }, problems: [] })
  })
})

describe.concurrent('a project that installs the packed packages works:', () => {
  test.each(PROJECTS)('%s', { timeout: 240_000 }, async (name) => {
    await expect(shell(testScript(name) ?? '', join(folder, name))).resolves.toBeUndefined()
  })
})

function testScript(project: string): string | undefined {
  return manifest(`${CONSUMERS}/${project}`).scripts?.['test']
}

function tarball(name: string): string {
  return join(folder, 'tarballs', `api-terms-${name}.tgz`)
}

/** A Buffer may be a window onto a larger pool. */
function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

/** What a command prints is in the error when it fails. */
async function shell(command: string, cwd: string): Promise<void> {
  // What npm and vitest tell their children would change what a project does by itself.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  )
  const PATH = [join(cwd, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  await new Promise<void>((resolve, reject) => {
    exec(command, { cwd, env: { ...Object.fromEntries(inherited), PATH } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} in ${cwd}:\n${stdout}${stderr}`))
      else resolve()
    })
  })
}

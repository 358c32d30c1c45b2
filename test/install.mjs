import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolders, ROOT, run } from './command.mjs'

const STAMP = join(ROOT, 'node_modules/.installed')

/** Installs what the lock file names, with the pnpm that package.json names. At once where nothing changed since. */
export async function install() {
  const wanted = digestOfManifests()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  // CI: pnpm would otherwise ask before it replaces a node_modules that another version made.
  await run('npx', ['-y', pnpm(), 'install', '--frozen-lockfile', '--reporter=append-only'], {
    env: { CI: 'true' },
  })
  writeFileSync(STAMP, wanted)
}

/** Name and version, as npx takes them. */
export const pnpm = () => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager

function digestOfManifests() {
  const folders = packageFolders('packages', 'examples')
  const manifests = ['.', 'test', ...folders].map((folder) => `${folder}/package.json`)
  const digest = createHash('sha256')
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests]) {
    digest.update(`${path}\n`).update(readFileSync(join(ROOT, path)))
  }
  return digest.digest('hex')
}

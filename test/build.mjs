import { existsSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installed, packageFolders, ROOT, run, stop } from './command.mjs'

/**
 * Compiles every package twice, as ES modules and as CommonJS, and the examples once. The compiler itself skips what
 * has not changed, and builds in the order of the references between the tsconfig files.
 */
export async function build() {
  const folders = packageFolders('packages', 'examples')
  for (const folder of folders) removeWhatLostItsSource(folder)
  const projects = folders
    .flatMap((folder) => [`${folder}/tsconfig.json`, `${folder}/tsconfig.cjs.json`])
    .filter((path) => existsSync(join(ROOT, path)))
  await run(installed('tsc'), ['--build', ...projects])
  for (const folder of packageFolders('packages')) declareCommonJS(folder)
}

/** The package says `"type": "module"`: without this, Node and TypeScript would read the CommonJS files as ES modules. */
function declareCommonJS(folder) {
  writeFileSync(join(ROOT, folder, 'dist/cjs/package.json'), '{"type":"commonjs"}\n')
}

/** A renamed or deleted source would leave its output behind, and that would be published. */
function removeWhatLostItsSource(folder) {
  const dist = join(ROOT, folder, 'dist')
  if (!existsSync(dist)) return
  const src = existsSync(join(ROOT, folder, 'src')) ? join(ROOT, folder, 'src') : join(ROOT, folder)
  const orphaned = readdirSync(dist, { recursive: true }).some(
    (path) =>
      path.endsWith('.js') &&
      !existsSync(join(src, path.replace(/^(esm|cjs)[\\/]/, '').replace(/js$/, 'ts'))),
  )
  if (orphaned) rmSync(dist, { recursive: true })
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await build().catch(stop)

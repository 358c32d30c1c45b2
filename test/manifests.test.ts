import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ADAPTERS, manifest, PACKAGES, ROOT, type Manifest } from './sources.js'

test('the packages depend on nothing that runs a script when it is installed', () => {
  const installed = new Map<string, Manifest>()
  for (const name of PACKAGES) collectInstalled(join(ROOT, 'packages', name), installed)
  expect(installed.size).toBeGreaterThan(PACKAGES.length)
  const scripted = [...installed].filter(
    ([folder, { scripts = {} }]) =>
      'preinstall' in scripts ||
      'install' in scripts ||
      'postinstall' in scripts ||
      existsSync(join(folder, 'binding.gyp')),
  )
  expect(scripted.map(([folder]) => folder)).toEqual([])
})

test.each(PACKAGES)('%s says on which versions of Node it runs, and ships only what was built', (name) => {
  const { engines, files } = manifest(`packages/${name}`)
  expect(engines).toEqual(manifest('.').engines)
  expect(files).toEqual(['dist', '!**/*.tsbuildinfo'])
})

test.each(ADAPTERS)('%s makes nobody install its framework or types', (name) => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest(`packages/${name}`)
  expect(Object.keys(dependencies ?? {})).toEqual(['@api-terms/core'])
  expect(Object.keys(peerDependencies ?? {})).toEqual([name])
  expect(peerDependenciesMeta).toEqual({ [name]: { optional: true } })
})

/** The folders of everything that comes along when the package in this folder is installed, itself included. */
function collectInstalled(folder: string, installed: Map<string, Manifest>): void {
  const real = realpathSync(folder)
  if (installed.has(real)) return
  const found = JSON.parse(readFileSync(join(real, 'package.json'), 'utf8')) as Manifest
  installed.set(real, found)
  for (const name of Object.keys({ ...found.dependencies, ...found.optionalDependencies })) {
    const dependency = folderOf(name, real)
    if (dependency) collectInstalled(dependency, installed)
    // Those that are optional may be for other machines.
    else if (!found.optionalDependencies?.[name]) throw new Error(`${name} is not installed for ${real}`)
  }
}

function folderOf(dependency: string, dependent: string): string | undefined {
  for (let folder = dependent; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', dependency)
    if (existsSync(candidate)) return candidate
  }
  return undefined
}

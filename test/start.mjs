// npm start [-- koa | -- cluster]: installs, builds, and runs an example in this very process, so that signals reach it directly.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { ROOT, stop, StepFailed } from './command.mjs'
import { install } from './install.mjs'
import { prepareMachine } from './machine.mjs'

const name = process.argv[2] ?? 'express'
const folder = join(ROOT, 'examples', name)

try {
  if (!existsSync(join(folder, 'package.json'))) throw new StepFailed(`there is no example called ${name}`)
  await install()
  await build()
  if (name === 'cluster') await prepareMachine(['redis-server'])
} catch (error) {
  stop(error)
}
await import(pathToFileURL(join(folder, 'dist/main.js')).href)

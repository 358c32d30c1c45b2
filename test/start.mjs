// npm start [-- koa | -- cluster | …]: installs, builds, and runs an example in this very process, so that signals reach it directly.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { ROOT, stop, StepFailed } from './command.mjs'
import { install } from './install.mjs'
import { prepareMachine } from './machine.mjs'

const name = process.argv[2] ?? 'express'
const folder = join(ROOT, 'examples')
// The others hold what several of them share.
const examples = readdirSync(folder).filter((each) => existsSync(join(folder, each, 'src/main.ts')))

try {
  if (!examples.includes(name))
    throw new StepFailed(`there is no example called ${name}: take ${among(examples)}`)
  await install()
  await build()
  if (name === 'cluster') await prepareMachine(['redis-server'])
} catch (error) {
  stop(error)
}
await import(pathToFileURL(join(folder, name, 'dist/main.js')).href)

function among(names) {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(names)
}

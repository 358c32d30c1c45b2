import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The folders, from the root, that hold a package of the workspace. */
export const packageFolders = (...parents) =>
  parents
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))

/** A program that the workspace has installed. */
export const installed = (name) => join(ROOT, 'node_modules/.bin', name)

/** A step that did not succeed; its own output has told why. */
export class StepFailed extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * Runs a program and waits for its end. What it prints goes to stderr, because the stdout of `npm start` belongs to the
 * example; `stdout: 'inherit'` changes that, and `hear` is given all of it besides. SIGINT and SIGTERM are passed on, so that no child outlives its parent.
 */
export function run(program, args, { env = {}, stdout = 2, hear } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: hear ? ['ignore', 'pipe', 'pipe'] : ['ignore', stdout, 2],
      // npm's and pnpm's programs are .cmd files there, which only a shell can start.
      shell: process.platform === 'win32',
    })
    if (hear) {
      listen(child.stdout, stdout === 'inherit' ? process.stdout : process.stderr, hear)
      listen(child.stderr, process.stderr, hear)
    }
    const passOn = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM']
    for (const signal of signals) process.on(signal, passOn)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, passOn)
      if (code === 0) return resolve()
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      reject(
        new StepFailed(`${[program, ...args].join(' ')} ${how}`, code ?? 128 + constants.signals[signal]),
      )
    })
  })
}

function listen(from, to, hear) {
  from.setEncoding('utf8').on('data', (text) => {
    hear(text)
    to.write(text)
  })
}

/** Ends the process for a failed step with its message and exit code; a fault of these scripts keeps its stack. */
export function stop(error) {
  console.error(error instanceof StepFailed ? `\n${error.message}` : error)
  process.exit(error.exitCode ?? 1)
}

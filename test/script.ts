import { execFile } from 'node:child_process'
import { ROOT } from './sources.js'

/** Runs a script of the tests in a process of its own, from the root; resolves with how it ended and what it printed. */
export function runScript(path: string, args: readonly string[]): Promise<{ code: number; printed: string }> {
  // What vitest tells its children is not meant for servers.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|NODE_)/.test(name)),
  )
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { cwd: ROOT, env }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({ code, printed: stdout + stderr })
    })
  })
}

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { setTimeout as passed } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callerOf, nextEvent, type Caller } from './caller.js'
import { ofOwnGroup, PATIENCE_MS, scratchFolder, spawnProgram, startProgram } from './program.js'

/** How the built program ends for who runs it in a terminal. */
export function describeEnding(name: string, main: URL): void {
  describe(`Ctrl-C, in ${name},`, { timeout: PATIENCE_MS }, () => {
    test('lets what is in progress end, though npm passes it on besides', async () => {
      const folder = await scratchFolder()
      const { program, url, keys } = await startProgram(main, { TMPDIR: folder }, ofOwnGroup)
      onTestFinished(() => void program.kill('SIGKILL'))
      const acme = callerOf(url, keys, 'acme-crm')
      const stream = await acme.fetch('/v1/events')
      const slow = acme.webSocket()
      await nextEvent(slow)
      // It does not take the rest of its answer: the end takes a second, and does not outrun npm.
      slow.pause()
      onTestFinished(() => slow.terminate())
      const ringing = acme.post('/v1/calls', { from: '101', to: '102', ringMs: 10_000 })
      await vi.waitFor(async () => expect(await inUse(acme)).toEqual({ read: 2, write: 1 }))

      const ended = once(program, 'exit')
      pressCtrlC(program)
      await passOn(program)
      const [call, text] = await Promise.all([ringing.then(({ status }) => status), stream.text()])
      expect(call).toBe(503)
      expect(text).toContain('data: ')
      expect(await ended).toEqual([0, null])
      expect(await readdir(folder)).toEqual([])
    })

    test('leaves nothing where it comes while the program starts', async () => {
      const folder = await scratchFolder()
      const program = spawnProgram(main, { TMPDIR: folder }, ofOwnGroup)
      onTestFinished(() => void program.kill('SIGKILL'))
      program.stdout?.resume()
      const ended = once(program, 'exit')
      await vi.waitFor(async () => expect(await readdir(folder)).not.toEqual([]), {
        timeout: PATIENCE_MS / 2,
        interval: 1,
      })
      pressCtrlC(program)
      expect(await ended).toEqual([0, null])
      expect(await readdir(folder)).toEqual([])
    })
  })
}

/** As it reaches a program from the terminal: with all of its group. */
export function pressCtrlC(program: ChildProcess): void {
  process.kill(-program.pid!, 'SIGINT')
}

/** As npm passes it on. */
async function passOn(program: ChildProcess): Promise<void> {
  // Two at the very same time would be one.
  await passed(20)
  program.kill('SIGINT')
}

/** What the account holds, asked beside the gate: it takes no connection of its own. */
async function inUse(caller: Caller): Promise<unknown> {
  return ((await (await caller.fetch('/terms/account')).json()) as { inUse: unknown }).inUse
}

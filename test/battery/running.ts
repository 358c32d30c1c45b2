import type { Gate } from '@api-terms/core'
import { expect, vi } from 'vitest'
import { close, listen, type Handlers, type Running, type Setup, type Subject } from '../subjects.js'

/** Runs an app for as long as `use` takes; then nothing may be held any more. */
export async function inUse(
  subject: Subject,
  gate: Gate,
  handlers: Handlers,
  setup: Setup | undefined,
  use: (running: Running) => Promise<void>,
): Promise<void> {
  const running = await listen(subject, gate, handlers, setup)
  try {
    await use(running)
    await nothingHeld(gate)
  } finally {
    await close(running)
  }
}

/** For what happens soon, on a busy machine too. */
export const SOON = { timeout: 10_000, interval: 2 } as const

/** Slots are given back as the response closes, which a caller may see a little before the server. */
export async function nothingHeld(gate: Gate): Promise<void> {
  await vi.waitFor(async () => expect(await gate.connections()).toEqual([]), SOON)
}

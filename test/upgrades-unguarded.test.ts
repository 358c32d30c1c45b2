import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { listening, Opened } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

describe('upgrades that nobody guards', () => {
  /** A server whose plain requests a gate guards. */
  const guarded = async (
    attach: (server: ReturnType<typeof createServer>, gate: ReturnType<typeof gateWith>['gate']) => void,
  ) => {
    const set = gateWith()
    const server = createServer(guardRequests(set.gate, (_, res) => res.end('well')))
    attach(server, set.gate)
    const port = await listening(server, opened)
    const get = () =>
      fetch(`http://127.0.0.1:${port}/v1/calls`, {
        headers: { authorization: `Bearer ${set.keys.crm}`, connection: 'close' },
      })
    const warnings = () => set.told.filter(({ name }) => name === 'warning')
    return { ...set, get, warnings }
  }

  test('are warned of once, with the remedy, as soon as a request shows the server', async () => {
    const { get, warnings } = await guarded((server) =>
      server.on('upgrade', (_, socket: Duplex) => socket.destroy()),
    )
    for (let i = 0; i < 3; i++) expect((await get()).status).toBe(200)
    expect(warnings()).toMatchObject([
      { code: 'upgrades-unguarded', message: expect.stringContaining('guardUpgrades') as string },
    ])
  })

  test('are not warned of where the server has none, nor where they are guarded', async () => {
    const none = await guarded(() => {})
    const some = await guarded(
      (server, gate) => void guardUpgrades(gate, server, (_, socket) => void socket.destroy()),
    )
    await Promise.all([none.get(), some.get()])
    expect([none.warnings(), some.warnings()]).toEqual([[], []])
  })

  test('are warned of again where the guard was taken away before the first request', async () => {
    const { get, warnings } = await guarded((server, gate) => {
      guardUpgrades(gate, server, (_, socket) => void socket.destroy())()
      server.on('upgrade', (_, socket: Duplex) => socket.destroy())
    })
    await get()
    expect(warnings()).toHaveLength(1)
  })
})

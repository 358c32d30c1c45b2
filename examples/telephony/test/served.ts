import { afterAll, beforeAll, expect, vi } from 'vitest'
import type { TelephonyServer } from '../src/index.js'
import { callerOf, type Caller } from './caller.js'

/** A server that stands for as long as the tests of one description run. */
export interface Served {
  server(): TelephonyServer
  url(): string
  /** Calls as one of the demo clients, or, without a client, as nobody. */
  caller(client?: string): Caller
  /** What the gate holds now. */
  held(): Promise<readonly unknown[]>
  /** Waits until every slot has been given back: the gate learns of the end of a connection after its caller does. */
  nothingIsHeld(): Promise<void>
}

export function serve(buildServer: () => TelephonyServer): Served {
  let server: TelephonyServer
  let url: string
  beforeAll(async () => {
    server = buildServer()
    url = await server.listen(0, '127.0.0.1')
  })
  afterAll(() => server.close())

  const held = () => server.telephony.gate.connections()
  return {
    server: () => server,
    url: () => url,
    caller: (client) => callerOf(url, server.keys, client),
    held,
    nothingIsHeld: () => vi.waitFor(async () => expect(await held()).toEqual([]), { timeout: 2_000 }),
  }
}

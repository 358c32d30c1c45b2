import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IssuedKey } from './accounts.js'
import { cannotListen } from './address.js'
import { answerUpgrades } from './realtime.js'
import type { Telephony } from './telephony.js'

/** The model API on a port. */
export interface TelephonyServer {
  readonly server: Server
  readonly telephony: Telephony
  readonly keys: readonly IssuedKey[]
  /** Answers with its URL. Rejects where the port cannot be had. */
  listen(port: number, host: string): Promise<string>
  /** Accepts nothing more, ends what is in progress, and is done within about a second. */
  close(): Promise<void>
}

export function createTelephonyServer(telephony: Telephony, listener: RequestListener): TelephonyServer {
  const server = createServer(listener)
  const stopUpgrades = answerUpgrades(telephony, server)
  return {
    server,
    telephony,
    keys: telephony.keys,
    async listen(port, host) {
      server.listen(port, host)
      await once(server, 'listening').catch((error: unknown) => {
        throw cannotListen({ port, host }, error)
      })
      return urlOf(server.address() as AddressInfo)
    },
    async close() {
      const closed = new Promise((settle) => server.close(settle))
      // Streams end and calls stop ringing by themselves now: their callers get a whole answer.
      telephony.hangUps.all()
      // Each leaves a kept-alive connection behind, which `server.close` looked at too early to close.
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      const cutOff = setTimeout(() => void cutOffTheRest(telephony, server), GRACE_MS)
      await closed
      clearInterval(sweep)
      clearTimeout(cutOff)
      stopUpgrades()
      await telephony.close()
    },
  }
}

/** How long a caller may take over the rest of its answer. */
const GRACE_MS = 1_000

async function cutOffTheRest({ gate }: Telephony, server: Server): Promise<void> {
  await gate.close()
  // Those that the gate holds no connection for: idle ones, and requests half sent.
  server.closeAllConnections()
}

function urlOf({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

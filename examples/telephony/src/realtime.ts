import { guardUpgrades } from '@api-terms/core/node'
import type { Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { linesEvents, type LinesEvent } from './events.js'
import type { Telephony } from './telephony.js'

/** Answers `GET /v1/realtime` with a WebSocket that tells an account's events. Returns what takes it down again. */
export function answerUpgrades({ gate, calls, hangUps }: Telephony, server: Server): () => void {
  // Callers have nothing to say here: a kilobyte is already generous.
  const webSockets = new WebSocketServer({ noServer: true, path: '/v1/realtime', maxPayload: 1_024 })
  return guardUpgrades(gate, server, (request, socket, head, admission) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const ended = hangUps.ofSocket(request.socket)
      webSocket.on('error', () => webSocket.terminate())
      void tell(webSocket, linesEvents(calls, admission.account.id, ended))
    })
  })
}

async function tell(webSocket: WebSocket, events: AsyncIterable<LinesEvent>): Promise<void> {
  for await (const event of events) {
    if (!(await sent(webSocket, JSON.stringify(event)))) return
  }
  // 1001, going away (RFC 6455 §7.4.1): the caller may come back.
  webSocket.close(1001, 'The server is closing')
}

/** Settles when the message has left: what is told to a caller that stopped reading must not pile up in memory. */
function sent(webSocket: WebSocket, message: string): Promise<boolean> {
  return new Promise((settle) => webSocket.send(message, (error) => settle(!error)))
}

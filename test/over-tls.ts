import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const psk = Buffer.alloc(16, 7)
const tls = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const

interface Transport {
  server(): Server
  connect(port: number): Socket
}

/** The same server and caller over either; a shared key spares certificates. */
export const OVER: Readonly<Record<'TCP' | 'TLS', Transport>> = {
  TCP: { server: () => createHttpServer(), connect: (port) => connect(port, '127.0.0.1') },
  TLS: {
    server: () => createHttpsServer({ ...tls, pskCallback: () => psk }),
    connect: (port) =>
      connectTls({
        ...tls,
        port,
        host: '127.0.0.1',
        pskCallback: () => ({ psk, identity: 'caller' }),
        checkServerIdentity: () => undefined,
      }),
  },
}

import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import type { TelephonyServer } from '../src/index.js'
import { callerOf, nextEvent } from './caller.js'

/** How the server goes down. */
export function describeClosing(name: string, buildServer: () => TelephonyServer): void {
  describe(`Closing the telephony API in ${name}`, () => {
    test('ends streams, WebSockets and ringing calls with a whole answer, at once', async () => {
      const server = buildServer()
      const url = await server.listen(0, '127.0.0.1')
      const acme = callerOf(url, server.keys, 'acme-crm')
      const webSocket = acme.webSocket()
      await nextEvent(webSocket)
      const stream = await acme.fetch('/v1/events')
      const ringing = acme.post('/v1/calls', { from: '101', to: '102', ringMs: 10_000 })
      await vi.waitFor(() => expect(server.telephony.calls.of('acme')).toHaveLength(1))

      const began = performance.now()
      const [closeCode] = await Promise.all([
        once(webSocket, 'close').then(([code]) => code as number),
        expect(stream.text()).resolves.toContain('data: '),
        expect(ringing.then((response) => response.status)).resolves.toBe(503),
        server.close(),
      ])
      expect(closeCode).toBe(1001)
      expect(performance.now() - began).toBeLessThan(900)
      await expect(acme.fetch('/v1/calls')).rejects.toThrow('fetch failed')
    })

    test('cuts off, after a second, who does not take the rest of its answer', async () => {
      const server = buildServer()
      const url = await server.listen(0, '127.0.0.1')
      const webSocket = callerOf(url, server.keys, 'acme-crm').webSocket()
      await nextEvent(webSocket)
      webSocket.pause()
      const began = performance.now()
      await server.close()
      expect(performance.now() - began).toBeLessThan(2_000)
      webSocket.resume()
      await once(webSocket, 'close')
    })

    test('is given keys of its own at each start', () => {
      const keys = [buildServer(), buildServer()].flatMap((server) => server.keys.map(({ key }) => key))
      expect(new Set(keys).size).toBe(10)
    })
  })
}

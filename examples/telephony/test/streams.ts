import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import type { TelephonyServer } from '../src/index.js'
import { askUpgrade, nextEvent, refusalOf } from './caller.js'
import { serve } from './served.js'

/** Event streams, WebSockets and recordings: connections that stay. */
export function describeStreams(name: string, buildServer: () => TelephonyServer): void {
  describe(`Streams of the telephony API in ${name}`, () => {
    const served = serve(buildServer)
    const keyOf = (client: string) =>
      served.server().keys.find((issued) => issued.client === client)?.key ?? ''

    test('an event stream tells one event at once and one a second, and lets go when its reader leaves', async () => {
      const acme = served.caller('acme-crm')
      const began = performance.now()
      const reader = acme.eventSource()
      const first = await nextEvent(reader)
      expect(performance.now() - began).toBeLessThan(900)
      const second = await nextEvent(reader)
      expect(performance.now() - began).toBeGreaterThan(990)
      expect(performance.now() - began).toBeLessThan(3_000)
      expect([first.id, second.id]).toEqual([1, 2])
      reader.close()
      await served.nothingIsHeld()
    })

    test('an event stream is not kept by caches, and HEAD tells the same of it without beginning it', async () => {
      const acme = served.caller('acme-crm')
      const stream = await acme.fetch('/v1/events')
      const head = await acme.fetch('/v1/events', { method: 'HEAD' })
      for (const response of [stream, head]) {
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toBe('text/event-stream')
        expect(response.headers.get('cache-control')).toBe('no-store')
      }
      expect(await head.text()).toBe('')
      await stream.body?.cancel()
      await served.nothingIsHeld()
    })

    test('a WebSocket tells the same events, and lets go when its reader leaves', async () => {
      const acme = served.caller('acme-crm')
      const reader = acme.webSocket()
      const [first, second] = [await nextEvent(reader), await nextEvent(reader)]
      expect([first.id, second.id]).toEqual([1, 2])
      reader.close()
      await once(reader, 'close')
      await served.nothingIsHeld()
    })

    test('events tell of the calls of their own account, whatever they are read with', async () => {
      const [acme, globex] = [served.caller('acme-crm'), served.caller('globex-crm')]
      const placed = await acme.post('/v1/calls', { from: '101', to: '102', ringMs: 0 })
      const readers = [acme.eventSource(), acme.webSocket(), globex.eventSource(), globex.webSocket()]
      const events = await Promise.all(readers.map(nextEvent))
      expect(events.map(({ answered }) => answered)).toEqual([1, 1, 0, 0])
      for (const reader of readers) reader.close()
      const ended = await acme.fetch(placed.headers.get('location') ?? '', { method: 'DELETE' })
      expect(ended.status).toBe(204)
      await served.nothingIsHeld()
    })

    test('ten reads are open for an account, streams and WebSockets of all its clients together, and no more (2(d))', async () => {
      const acme = served.caller('acme-crm')
      const wallboard = served.caller('acme-wallboard')
      const globex = served.caller('globex-crm')
      const readers = [acme, wallboard, acme, wallboard, acme].flatMap((one) => [
        one.eventSource(),
        one.webSocket(),
      ])
      await Promise.all(readers.map(nextEvent))

      const refused = await wallboard.fetch('/v1/extensions')
      expect(refused.status).toBe(429)
      expect(await refused.json()).toMatchObject({ connection_class: 'read', limit: 10, in_use: 10 })
      const refusedUpgrade = await refusalOf(acme.webSocket())
      expect(refusedUpgrade.status).toBe(429)
      expect(JSON.parse(refusedUpgrade.body)).toMatchObject({ reason: 'connections-exhausted' })

      const granted = Array.from({ length: 12 }, () => globex.eventSource())
      await Promise.all(granted.map(nextEvent))

      readers[0]?.close()
      await vi.waitFor(async () => expect((await wallboard.fetch('/v1/extensions')).status).toBe(200))
      for (const reader of [...readers, ...granted]) reader.close()
      await served.nothingIsHeld()
    })

    test('a WebSocket is refused as a request is', async () => {
      const acme = served.caller('acme-crm')
      const nobody = await refusalOf(served.caller().webSocket())
      expect(nobody.status).toBe(401)
      expect(nobody.headers.get('content-type')).toBe('application/problem+json')
      expect(JSON.parse(nobody.body)).toMatchObject({ reason: 'credentials-missing' })

      expect((await refusalOf(served.caller('initech-crm').webSocket())).status).toBe(403)
      expect((await refusalOf(acme.webSocket('/v1/admin'))).status).toBe(404)
      expect((await refusalOf(acme.webSocket('/v1/events'))).status).toBe(400)
      const other = await askUpgrade(served.url(), 'telegraph', keyOf('acme-crm'))
      expect(other.status).toBe(403)
      expect(JSON.parse(other.body)).toMatchObject({ reason: 'upgrade-not-documented' })
      await served.nothingIsHeld()
    })

    test('what was pipelined on a connection ends with it, also what still waits for its turn to answer', async () => {
      const { hostname, port } = new URL(served.url())
      const fields = `Host: ${hostname}\r\nAuthorization: Bearer ${keyOf('globex-crm')}\r\n`
      const body = JSON.stringify({ from: '101', to: '201', ringMs: 10_000 })
      const connection = connect(Number(port), hostname)
      connection.write(`GET /v1/events HTTP/1.1\r\n${fields}\r\n`.repeat(20))
      connection.write(`POST /v1/calls HTTP/1.1\r\n${fields}Content-Type: application/json\r\n`)
      connection.write(`Content-Length: ${body.length}\r\n\r\n${body}`)
      await vi.waitFor(async () => expect(await served.held()).toHaveLength(21))
      const { calls } = served.server().telephony
      await vi.waitFor(() => expect(calls.of('globex')).toHaveLength(1))

      connection.destroy()
      await served.nothingIsHeld()
      await vi.waitFor(() => expect(calls.of('globex')).toEqual([]))
    })

    test('what the provider ends is cut off', async () => {
      const acme = served.caller('acme-crm')
      const stream = await acme.fetch('/v1/events')
      const webSocket = acme.webSocket()
      await nextEvent(webSocket)
      const cutOff = Promise.all([
        once(webSocket, 'close'),
        expect(stream.text()).rejects.toThrow('terminated'),
      ])
      expect(await served.server().telephony.gate.end({ account: 'acme' }, 'suspended')).toBe(2)
      await cutOff
      await served.nothingIsHeld()
    })

    test('a recording is a WAV file of the length that its head tells, and may be kept for a day', async () => {
      const acme = served.caller('acme-crm')
      const response = await acme.fetch('/v1/recordings/acme-1')
      const sound = Buffer.from(await response.arrayBuffer())
      expect(response.headers.get('content-type')).toBe('audio/wav')
      expect(response.headers.get('content-length')).toBe(String(sound.length))
      expect(response.headers.get('cache-control')).toBe('private, max-age=86400')
      expect(sound.length).toBe(44 + 2 * 8_000)
      expect([sound.toString('latin1', 0, 4), sound.toString('latin1', 8, 16)]).toEqual(['RIFF', 'WAVEfmt '])
      expect([sound.readUInt32LE(4), sound.readUInt32LE(40)]).toEqual([sound.length - 8, sound.length - 44])

      const head = await acme.fetch('/v1/recordings/acme-1', { method: 'HEAD' })
      expect(head.headers.get('content-length')).toBe(String(sound.length))
      expect(head.headers.get('cache-control')).toBe('private, max-age=86400')
      expect(await head.text()).toBe('')
      await served.nothingIsHeld()
    })

    test('a recording whose reader leaves in the middle lets go', async () => {
      const acme = served.caller('acme-crm')
      const response = await acme.fetch('/v1/recordings/acme-2')
      expect(await served.held()).toHaveLength(1)
      await response.body?.cancel()
      await served.nothingIsHeld()
    })
  })
}

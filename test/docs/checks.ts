import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { gate, key, token } from './given.js'
import type { Ran } from './running.js'

/** What is looked at after a block has run: `<!-- check: … -->` before it names one of these. */
export const CHECKS: Record<string, (ran: Ran) => Promise<void> | void> = {
  /** With a key it speaks, without one it is refused as any request is. */
  async webSocket({ port }) {
    const url = `ws://127.0.0.1:${port}/v1/realtime`
    const admitted = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } })
    const [message] = (await once(admitted, 'message')) as [Buffer]
    expect(message.toString()).toBe('hello acme')
    admitted.terminate()

    const refused = new WebSocket(url)
    refused.on('error', () => {})
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }]
    expect(response.statusCode).toBe(401)
    refused.terminate()
  },

  /** An open stream ends, and the next request is refused. */
  async suspension({ port, exports }) {
    const stream = await get(port, '/v1/events')
    expect(stream.statusCode).toBe(200)
    ;(exports as { suspend(account: string): void }).suspend('acme')
    await over(stream)
    expect((await get(port, '/v1/events')).statusCode).toBe(403)
  },

  /** The stream goes on through the grace period, nobody new comes in, and then the server is down. */
  async shutdown({ port, server, signal }) {
    const stream = await get(port, '/v1/events')
    const closed = once(server, 'close')
    signal('SIGTERM')
    await expect(get(port, '/v1/events')).rejects.toThrow('ECONNREFUSED')
    await over(stream)
    await closed
  },

  /** The key that it prints is that of `acme`. */
  async greeting({ port, printed }) {
    const printedKey = /key_\w{38}/.exec(printed.join('\n'))?.[0] ?? ''
    expect(await textOf(await get(port, '/v1/hello', printedKey))).toBe('{"hello":"acme"}')
  },

  /** Before and after the move, a token of the service's own making is good for the same client. */
  async sameToken({ port }) {
    expect(await textOf(await get(port, '/v1/hello', token))).toBe('{"hello":"acme-crm"}')
    expect((await get(port, '/v1/hello', `${token}-not`)).statusCode).toBe(401)
  },

  /** A rule permits shared caches to keep one answer, and a handler shortens another. */
  async ceilings({ port }) {
    expect((await get(port, '/v1/countries')).headers['cache-control']).toBe('public, max-age=3600')
    expect((await get(port, '/v1/status')).headers['cache-control']).toBe('private, max-age=5')
  },

  /** A proxy that is believed says that the caller used no TLS. */
  async plainHttp({ port }) {
    const refused = await get(port, '/v1/hello', key, { 'x-forwarded-proto': 'http' })
    expect(refused.statusCode).toBe(403)
    expect(JSON.parse(await textOf(refused))).toMatchObject({ reason: 'insecure-transport' })
  },

  /** The history tells every operation in order, and no key. */
  accounts({ printed }) {
    const [shown = '', ...history] = printed
    expect(shown).toMatch(/^shown once: live_\w{38}$/)
    expect(history.map((line) => line.split(' ')[3])).toEqual([
      'register-account',
      'register-client',
      'issue-key',
      'accept-terms',
      'grant',
      'rotate-key',
      'revoke-key',
      'suspend',
      'reinstate',
      'terminate',
    ])
    expect(history.join(' ')).not.toMatch(/live_/)
  },

  async asked({ printed }) {
    expect(printed.at(-1)).toBe('hello acme')
    expect(await gate.connections()).toEqual([])
  },
}

function get(port: number, path: string, secret = key, fields = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}`, ...fields }
    // `agent: false`: no connection of an earlier request is taken again.
    request({ port, path, headers, agent: false }, resolve).on('error', reject).end()
  })
}

/** Whether it ends or is cut off. */
async function over(stream: IncomingMessage): Promise<void> {
  await new Promise<void>((resolve) =>
    stream
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  )
}

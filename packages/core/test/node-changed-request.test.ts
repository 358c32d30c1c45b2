import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createGate, issueKey, memoryRegistry } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { TERMS } from './gate-setting.js'

test.each<[string, (req: IncomingMessage) => void, number]>([
  ['method', (req) => (req.method = 'DELETE'), 405],
  ['set of fields', (req) => (req.headers = { host: req.headers.host }), 401],
])(
  'a %s that something before the gate has changed is the one that is checked',
  async (_what, change, status) => {
    const { key, digest } = issueKey()
    const registry = memoryRegistry({
      accounts: [{ id: 'acme' }],
      clients: [{ id: 'crm', account: 'acme', credentials: [{ digest }] }],
    })
    const gate = createGate({ terms: TERMS, registry, requests: { methods: ['GET'] } })
    const guarded = guardRequests(gate, (_req, res) => res.end('reached'))
    const server = createServer((req, res) => {
      change(req)
      guarded(req, res)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/calls`
    // The gate knows the server of the second request, and makes ready for it as it arrives.
    for (let request = 0; request < 2; request++) {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
      expect(answer.status).toBe(status)
      await answer.text()
    }
    server.close()
    server.closeAllConnections()
    await gate.close()
  },
)

import { createGate, type GateOptions } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { createServer, type Server } from 'node:http'
import type { Pool } from 'pg'
import { postgresRegistry } from './registry.js'

/** A server whose callers are the customers in a database. */
export function buildServer(pool: Pool, options: Partial<GateOptions> = {}): Server {
  const gate = createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms', version: '2026-01' },
    registry: postgresRegistry(pool),
    ...options,
  })
  const server = createServer(
    guardRequests(gate, (_req, res, { account }) => {
      res.writeHead(200, { 'Content-Type': 'application/json' })
      res.end(JSON.stringify({ customer: account.id }))
    }),
  )
  return server.on('close', () => void gate.close())
}

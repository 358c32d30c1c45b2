import { issueKey } from '@api-terms/core'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Pool } from 'pg'
import { buildServer } from './app.js'
import { TABLES } from './tables.js'

// With DATABASE_URL in the environment: makes the tables and a customer with a fresh key, and serves.
const { DATABASE_URL, HOST = '127.0.0.1', PORT = '3000' } = process.env
if (DATABASE_URL === undefined) {
  console.error('DATABASE_URL is missing: postgres://user@host/database')
  process.exit(1)
}

const pool = new Pool({ connectionString: DATABASE_URL })
const { key, digest } = issueKey()
await pool.query(TABLES)
await pool.query(`INSERT INTO customers (id) VALUES ('acme') ON CONFLICT DO NOTHING`)
await pool.query(`INSERT INTO apps (id, customer_id) VALUES ('acme-crm', 'acme') ON CONFLICT DO NOTHING`)
await pool.query(`INSERT INTO api_keys (digest, app_id) VALUES ($1, 'acme-crm')`, [digest])

const server = buildServer(pool)
server.on('close', () => void pool.end())
process.once('SIGTERM', () => server.close())
await once(server.listen(Number(PORT), HOST), 'listening')
const { port } = server.address() as AddressInfo
console.log(`listening on http://${HOST}:${port}`)
console.log(`account=acme client=acme-crm key=${key}`)

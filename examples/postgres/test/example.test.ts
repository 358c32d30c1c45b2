import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { issueKey } from '@api-terms/core'
import { Pool } from 'pg'
import { startPostgres, type PostgresServer } from '../../../test/postgres-server.js'
import { buildServer } from '../src/app.js'
import { TABLES } from '../src/tables.js'

// A provider's own database behind the gate: `findByDigest`, and nothing else.

let postgres: PostgresServer
let pool: Pool
let server: Server
let url: string
let key: string

beforeAll(async () => {
  postgres = await startPostgres()
  pool = new Pool({ connectionString: postgres.url })
  // An idle connection that is cut off is no fault of this process.
  pool.on('error', () => undefined)
  await pool.query(TABLES)
  // Nothing is kept, so that each request shows what the tables say.
  server = buildServer(pool, { credentials: { cacheMs: 0, timeoutMs: 1000 } })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/extensions`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await pool.end()
  await postgres.stop()
})

beforeEach(async () => {
  const issued = issueKey()
  key = issued.key
  await pool.query('TRUNCATE customers CASCADE')
  await pool.query(`INSERT INTO customers (id, limits, reseller) VALUES ('acme', '{"read": 50}', 'resell')`)
  await pool.query(`INSERT INTO apps (id, customer_id) VALUES ('acme-crm', 'acme')`)
  await pool.query(`INSERT INTO api_keys (digest, app_id) VALUES ($1, 'acme-crm')`, [issued.digest])
})

const asked = async (given = key) => {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${given}` } })
  const body = (await answer.json()) as { reason?: string; customer?: string }
  return {
    status: answer.status,
    told: body.reason ?? body.customer,
    policy: answer.headers.get('ratelimit-policy'),
  }
}

test('a customer in the tables comes in, under its own limits', async () => {
  expect(await asked()).toMatchObject({
    status: 200,
    told: 'acme',
    policy: '"read";q=50;qu="concurrent-requests"',
  })
})

test('a key that is in no table does not', async () => {
  expect(await asked(issueKey().key)).toMatchObject({ status: 401, told: 'credentials-invalid' })
})

test.each([
  ['suspended', `UPDATE customers SET state = 'suspended'`, 'account-suspended'],
  ['terminated', `UPDATE apps SET state = 'terminated'`, 'account-terminated'],
  ['for another API', `UPDATE apps SET apis = '{meeting}'`, 'api-not-granted'],
  ['revoked', `UPDATE api_keys SET revoked_at = now() - interval '1 minute'`, 'credentials-invalid'],
  ['expired', `UPDATE api_keys SET expires_at = now() - interval '1 minute'`, 'credentials-invalid'],
  ['gone', `DELETE FROM api_keys`, 'credentials-invalid'],
])('what is %s in the tables is refused with the next request', async (_what, statement, reason) => {
  expect(await asked()).toMatchObject({ status: 200 })
  await pool.query(statement)
  expect(await asked()).toMatchObject({ told: reason })
})

test('what expires later, and the API that is granted, come in', async () => {
  await pool.query(`UPDATE api_keys SET expires_at = now() + interval '1 hour'`)
  await pool.query(`UPDATE apps SET apis = '{telephony,meeting}'`)
  expect(await asked()).toMatchObject({ status: 200 })
})

test('a state that the gate does not know lets nobody in', async () => {
  await pool.query(`UPDATE customers SET state = 'frozen'`)
  expect(await asked()).toMatchObject({ status: 503, told: 'registry-unavailable' })
})

test('while the table cannot be read nobody comes in, and afterwards everybody again', async () => {
  await pool.query('ALTER TABLE api_keys RENAME TO away')
  expect(await asked()).toMatchObject({ status: 503, told: 'registry-unavailable' })
  await pool.query('ALTER TABLE away RENAME TO api_keys')
  expect(await asked()).toMatchObject({ status: 200 })
})

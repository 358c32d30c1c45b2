// A process that loads both copies, as happens when an ES module and a CommonJS one each import the packages.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import * as moduleCore from '@api-terms/core'
import * as moduleAdapter from '@api-terms/express'
import { exchange } from 'exchange'
import express from 'express'

const require = createRequire(import.meta.url)
const commonCore = require('@api-terms/core')
const commonAdapter = require('@api-terms/express')
assert.notEqual(commonCore.createGate, moduleCore.createGate)
assert.notEqual(commonAdapter.apiTerms, moduleAdapter.apiTerms)

await mount(commonCore, moduleAdapter)
await mount(moduleCore, commonAdapter)

/** A gate of one copy behind the middleware of the other: both copies see the admission. */
async function mount(core, adapter) {
  const { key, digest } = core.issueKey()
  const registry = core.memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
  })
  const gate = core.createGate({ terms: { url: 'https://provider.example/terms' }, registry })
  const app = express()
  app.use('/v1', adapter.apiTerms(gate))
  app.get('/v1/extensions', (req, res) => {
    const [account, another] = [moduleAdapter, commonAdapter].map((copy) => copy.admissionOf(req)?.account.id)
    assert.equal(account, another)
    res.json({ account })
  })
  await exchange(createServer(app), key)
  await gate.close()
}

import { createServer } from 'node:http'
import { issueKey, memoryRegistry } from '@api-terms/core'
import { admissionOf, apiTerms } from '@api-terms/express'
import { exchange } from 'exchange'
import express from 'express'

const { key, digest } = issueKey()
const registry = memoryRegistry({
  accounts: [{ id: 'acme' }],
  clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
})
const terms = { url: 'https://provider.example/terms', version: '2026-01' }

const app = express()
app.use('/v1', apiTerms({ terms, registry }))
app.get('/v1/extensions', (req, res) => {
  res.json({ account: admissionOf(req)?.account.id })
})

await exchange(createServer(app), key)

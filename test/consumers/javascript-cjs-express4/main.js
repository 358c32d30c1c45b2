const { createServer } = require('node:http')
const { issueKey, memoryRegistry } = require('@api-terms/core')
const { admissionOf, apiTerms } = require('@api-terms/express')
const { exchange } = require('exchange')
const express = require('express')

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

void exchange(createServer(app), key)

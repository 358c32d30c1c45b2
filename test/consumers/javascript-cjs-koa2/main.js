const { createServer } = require('node:http')
const { issueKey, memoryRegistry } = require('@api-terms/core')
const { admissionOf, apiTerms } = require('@api-terms/koa')
const { exchange } = require('exchange')
const Koa = require('koa')

const { key, digest } = issueKey()
const registry = memoryRegistry({
  accounts: [{ id: 'acme' }],
  clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
})
const terms = { url: 'https://provider.example/terms', version: '2026-01' }

const app = new Koa()
app.use(apiTerms({ terms, registry }))
app.use((ctx) => {
  ctx.body = { account: admissionOf(ctx)?.account.id }
})

void exchange(createServer(app.callback()), key)

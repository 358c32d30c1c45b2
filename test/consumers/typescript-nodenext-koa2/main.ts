import { createServer } from 'node:http'
import { issueKey, memoryRegistry } from '@api-terms/core'
import { admissionOf, apiTerms } from '@api-terms/koa'
import { exchange } from 'exchange'
import Koa from 'koa'

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

await exchange(createServer(app.callback()), key)

import { createHash } from 'node:crypto'
import { createGate, issueKey, memoryRegistry, type GateOptions } from '@api-terms/core'

// What blocks of the READMEs take as given: `<!-- given: registry -->` imports the name from here.

const issued = issueKey()

/** The key of `acme-crm`, a client of the account `acme`. */
export const key = issued.key
export const digest = issued.digest

export const registry = memoryRegistry({
  accounts: [{ id: 'acme' }],
  clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ id: 'crm-1', digest: issued.digest }] }],
})

export const terms: GateOptions['terms'] = { url: 'https://provider.example/terms', version: '2026-01' }

export const gate = createGate({ terms, registry })

/** Whom a service knew by a token of its own making, before it had a gate. */
export const token = `token-of-${issued.digest}`
export const clients = new Map([[token, { id: 'acme-crm' }]])
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

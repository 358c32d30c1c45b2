import { createHash } from 'node:crypto'
import { issueKey, type Operation, type RegistryFault } from '@api-terms/core'

const digest = (digit: string) => digit.repeat(64)
const day = 86_400_000
/** The moment at which the operations are done. */
export const NOW = Date.UTC(2026, 0, 1)
const at = (days: number) => new Date(NOW + days * day)

/**
 * What is done before each refusal: two accounts of a partner, one of them suspended by itself; a terminated one, one that ends
 * tomorrow, and clients with keys that are good, revoked and expired.
 */
export const BEFORE: readonly Operation[] = [
  { kind: 'register-account', account: 'acme', details: { partner: 'resell' } },
  { kind: 'register-account', account: 'globex', details: { partner: 'resell' } },
  { kind: 'suspend', account: 'globex' },
  { kind: 'register-account', account: 'gone', details: { partner: 'closed' } },
  { kind: 'register-client', client: 'gone-crm', account: 'gone', details: {} },
  { kind: 'issue-key', client: 'gone-crm', credential: { id: 'g1', digest: digest('9') } },
  { kind: 'terminate', account: 'gone' },
  { kind: 'register-client', client: 'crm', account: 'acme', details: {} },
  { kind: 'register-client', client: 'old', account: 'acme', details: {} },
  { kind: 'terminate', client: 'old' },
  { kind: 'issue-key', client: 'crm', credential: { id: 'k1', digest: digest('1') } },
  { kind: 'issue-key', client: 'crm', credential: { id: 'k2', digest: digest('2') } },
  { kind: 'revoke-key', client: 'crm', credential: 'k2' },
  { kind: 'issue-key', client: 'crm', credential: { id: 'k3', digest: digest('3') } },
  {
    kind: 'rotate-key',
    client: 'crm',
    old: 'k3',
    credential: { id: 'k4', digest: digest('4') },
    overlapMs: 0,
  },
  { kind: 'accept-terms', client: 'crm', version: '1', acceptedBy: 'jane', entity: 'Acme Ltd' },
  { kind: 'grant', account: 'acme', grant: { id: 'g1', limits: { read: 50 }, consentedBy: 'sales' } },
]

const { key: KEY } = issueKey()
const OWN_DIGEST = createHash('sha256').update('own-key').digest('hex')
const GRANT = { id: 'g', limits: { read: 1 }, consentedBy: 'sales' }
const TWICE = [
  { id: 'k', digest: digest('a') },
  { id: 'k', digest: digest('b') },
]
const limitsOf = (limits: unknown) => ({ kind: 'update-account', account: 'acme', changes: { limits } })
const contactsOf = (contacts: unknown) => ({ kind: 'update-client', client: 'crm', changes: { contacts } })
const networksOf = (...networks: string[]) => ({
  kind: 'update-client',
  client: 'crm',
  changes: { networks },
})

/** Operations that make no sense then, each with the fault that it is refused with. */
export const REFUSED: readonly [title: string, fault: RegistryFault, operation: unknown][] = [
  ['an account twice', 'duplicate', { kind: 'register-account', account: 'acme', details: {} }],
  ['a terminated account anew', 'duplicate', { kind: 'register-account', account: 'gone', details: {} }],
  ['a client twice', 'duplicate', { kind: 'register-client', client: 'crm', account: 'acme', details: {} }],
  [
    'a client of another account under the same id',
    'duplicate',
    { kind: 'register-client', client: 'crm', account: 'globex', details: {} },
  ],
  ['a client of nobody', 'unknown', { kind: 'register-client', client: 'x', account: 'nobody', details: {} }],
  [
    'a client of a terminated account',
    'terminated',
    { kind: 'register-client', client: 'x', account: 'gone', details: {} },
  ],
  [
    'a change of an unknown account',
    'unknown',
    { kind: 'update-account', account: 'nobody', changes: { name: 'X' } },
  ],
  [
    'a change of an unknown client',
    'unknown',
    { kind: 'update-client', client: 'nobody', changes: { name: 'X' } },
  ],
  [
    'a change of a terminated account',
    'terminated',
    { kind: 'update-account', account: 'gone', changes: { name: 'X' } },
  ],
  [
    'a change of a client of a terminated account',
    'terminated',
    { kind: 'update-client', client: 'gone-crm', changes: { name: 'X' } },
  ],
  ['to verify an unknown account', 'unknown', { kind: 'verify', account: 'nobody' }],
  ['to verify a whole partner', 'invalid', { kind: 'verify', partner: 'resell' }],
  [
    'a key for an unknown client',
    'unknown',
    { kind: 'issue-key', client: 'nobody', credential: { digest: digest('a') } },
  ],
  [
    'a key for a terminated client',
    'terminated',
    { kind: 'issue-key', client: 'old', credential: { digest: digest('a') } },
  ],
  [
    'a key for a client of a terminated account',
    'terminated',
    { kind: 'issue-key', client: 'gone-crm', credential: { digest: digest('a') } },
  ],
  [
    'a key that another client has',
    'duplicate',
    { kind: 'issue-key', client: 'crm', credential: { id: 'x', digest: digest('9') } },
  ],
  [
    'a key that the client has',
    'duplicate',
    { kind: 'issue-key', client: 'crm', credential: { id: 'x', digest: digest('1') } },
  ],
  [
    'a key under an id that the client has',
    'duplicate',
    { kind: 'issue-key', client: 'crm', credential: { id: 'k1', digest: digest('a') } },
  ],
  [
    'a key that has expired before it is issued',
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('a'), expiresAt: at(0) } },
  ],
  [
    'a key that ends before it begins',
    'invalid',
    {
      kind: 'issue-key',
      client: 'crm',
      credential: { digest: digest('a'), notBefore: at(2), expiresAt: at(1) },
    },
  ],
  [
    'a key instead of a digest',
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: 'key_secret' } },
  ],
  [
    'a key that is revoked before it is issued',
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('a'), revokedAt: at(1) } },
  ],
  [
    'to rotate to a key that is revoked',
    'invalid',
    {
      kind: 'rotate-key',
      client: 'crm',
      old: 'k1',
      credential: { digest: digest('a'), revokedAt: at(1) },
      overlapMs: 1,
    },
  ],
  [
    'to rotate a revoked key',
    'not-in-force',
    { kind: 'rotate-key', client: 'crm', old: 'k2', credential: { digest: digest('a') }, overlapMs: 1 },
  ],
  [
    'to rotate an expired key',
    'not-in-force',
    { kind: 'rotate-key', client: 'crm', old: 'k3', credential: { digest: digest('a') }, overlapMs: 1 },
  ],
  [
    'to rotate an unknown key',
    'unknown',
    { kind: 'rotate-key', client: 'crm', old: 'k9', credential: { digest: digest('a') }, overlapMs: 1 },
  ],
  [
    'to rotate a key to itself',
    'duplicate',
    { kind: 'rotate-key', client: 'crm', old: 'k1', credential: { digest: digest('1') }, overlapMs: 1 },
  ],
  [
    'an overlap that ends before it begins',
    'invalid',
    { kind: 'rotate-key', client: 'crm', old: 'k1', credential: { digest: digest('a') }, overlapMs: -1 },
  ],
  ['to revoke an unknown key', 'unknown', { kind: 'revoke-key', client: 'crm', credential: 'k9' }],
  [
    "to revoke another client's key",
    'unknown',
    { kind: 'revoke-key', client: 'crm', credential: digest('9') },
  ],
  ['to revoke a key twice', 'not-in-force', { kind: 'revoke-key', client: 'crm', credential: 'k2' }],
  [
    'an acceptance by nobody',
    'invalid',
    { kind: 'accept-terms', client: 'crm', version: '2', acceptedBy: '', entity: 'Acme Ltd' },
  ],
  [
    'an acceptance for nobody',
    'invalid',
    { kind: 'accept-terms', client: 'crm', version: '2', acceptedBy: 'jane', entity: '' },
  ],
  [
    'an acceptance of no version',
    'invalid',
    { kind: 'accept-terms', client: 'crm', acceptedBy: 'jane', entity: 'Acme Ltd' },
  ],
  [
    'an acceptance to come',
    'invalid',
    { kind: 'accept-terms', client: 'crm', version: '2', acceptedBy: 'j', entity: 'A', at: at(1) },
  ],
  [
    'the same acceptance twice',
    'duplicate',
    { kind: 'accept-terms', client: 'crm', version: '1', acceptedBy: 'jane', entity: 'Acme Ltd' },
  ],
  [
    'an acceptance by a terminated client',
    'terminated',
    { kind: 'accept-terms', client: 'old', version: '2', acceptedBy: 'jane', entity: 'Acme Ltd' },
  ],
  [
    'a grant without consent',
    'invalid',
    { kind: 'grant', account: 'acme', grant: { id: 'x', limits: { read: 1 }, consentedBy: '' } },
  ],
  [
    'a grant that is over',
    'invalid',
    {
      kind: 'grant',
      account: 'acme',
      grant: { id: 'x', limits: { read: 1 }, consentedBy: 'a', until: at(0) },
    },
  ],
  [
    'a grant that ends before it begins',
    'invalid',
    {
      kind: 'grant',
      account: 'acme',
      grant: { id: 'x', limits: { read: 1 }, consentedBy: 'a', from: at(2), until: at(2) },
    },
  ],
  [
    'a grant of no whole number',
    'invalid',
    { kind: 'grant', account: 'acme', grant: { id: 'x', limits: { read: 1.5 }, consentedBy: 'a' } },
  ],
  [
    'a grant under an id that the account has',
    'duplicate',
    { kind: 'grant', account: 'acme', grant: { id: 'g1', limits: { read: 1 }, consentedBy: 'a' } },
  ],
  [
    'a grant to a terminated account',
    'terminated',
    { kind: 'grant', account: 'gone', grant: { id: 'x', limits: { read: 1 }, consentedBy: 'a' } },
  ],
  ['to withdraw an unknown grant', 'unknown', { kind: 'withdraw-grant', account: 'acme', grant: 'g9' }],
  ['to suspend an unknown account', 'unknown', { kind: 'suspend', account: 'nobody' }],
  ['to suspend a partner without accounts', 'unknown', { kind: 'suspend', partner: 'nobody' }],
  ['to suspend who is suspended', 'already-suspended', { kind: 'suspend', account: 'globex' }],
  ['to suspend who is terminated', 'terminated', { kind: 'suspend', client: 'old' }],
  [
    'to suspend a partner whose accounts are terminated',
    'terminated',
    { kind: 'suspend', partner: 'closed' },
  ],
  ['to suspend nobody in particular', 'invalid', { kind: 'suspend' }],
  [
    'to suspend an account and a client at once',
    'invalid',
    { kind: 'suspend', account: 'acme', client: 'crm' },
  ],
  ['to reinstate an account that is active', 'not-suspended', { kind: 'reinstate', account: 'acme' }],
  ['to reinstate a client that is active', 'not-suspended', { kind: 'reinstate', client: 'crm' }],
  [
    'to reinstate a partner that was not suspended',
    'not-suspended',
    { kind: 'reinstate', partner: 'resell' },
  ],
  ['to reinstate a terminated account', 'terminated', { kind: 'reinstate', account: 'gone' }],
  ['to reinstate a terminated client', 'terminated', { kind: 'reinstate', client: 'old' }],
  ['to terminate twice', 'terminated', { kind: 'terminate', account: 'gone' }],
  ['to terminate twice, with a notice', 'terminated', { kind: 'terminate', account: 'gone', from: at(1) }],
  ['to terminate from no date', 'invalid', { kind: 'terminate', account: 'acme', from: new Date('never') }],
  [
    'to set a client of nobody',
    'unknown',
    { kind: 'set-client', client: { id: 'crm', account: 'nobody', credentials: [] } },
  ],
  [
    'to set a client with a key of another',
    'duplicate',
    { kind: 'set-client', client: { id: 'crm', account: 'acme', credentials: [{ digest: digest('9') }] } },
  ],
  [
    'to set a client with the same key twice',
    'duplicate',
    {
      kind: 'set-client',
      client: { id: 'crm', account: 'acme', credentials: [{ digest: digest('1') }, { digest: digest('1') }] },
    },
  ],
  ['to remove an unknown account', 'unknown', { kind: 'remove-account', account: 'nobody' }],
  ['to remove an unknown client', 'unknown', { kind: 'remove-client', client: 'nobody' }],
  [
    'to take over an account that is there',
    'duplicate',
    { kind: 'import', accounts: [{ id: 'acme' }], clients: [] },
  ],
  [
    'to take over a client of nobody',
    'unknown',
    { kind: 'import', accounts: [{ id: 'new' }], clients: [{ id: 'x', account: 'nobody', credentials: [] }] },
  ],
  [
    'to take over a key that is there',
    'duplicate',
    {
      kind: 'import',
      accounts: [{ id: 'new' }],
      clients: [{ id: 'x', account: 'new', credentials: [{ digest: digest('1') }] }],
    },
  ],
  ['a change of nothing', 'invalid', { kind: 'update-account', account: 'acme', changes: {} }],
  [
    'a change of nothing but what is left out',
    'invalid',
    { kind: 'update-client', client: 'crm', changes: { name: undefined } },
  ],
  [
    'a grant of nothing',
    'invalid',
    { kind: 'grant', account: 'acme', grant: { id: 'x', limits: {}, consentedBy: 'a' } },
  ],
  ['details that are a list', 'invalid', { kind: 'register-account', account: 'x', details: [] }],
  ['limits that are a list', 'invalid', limitsOf([5])],
  ['limits that are a date', 'invalid', limitsOf(new Date(0))],
  ['limits that are a map', 'invalid', limitsOf(new Map([['read', 1]]))],
  ['limits that every object has', 'invalid', limitsOf({ constructor: 'lots' })],
  ['limits in the place of a prototype', 'invalid', limitsOf(JSON.parse('{ "__proto__": 5 }'))],
  ['contacts that are a list', 'invalid', contactsOf(['dev@acme.example'])],
  ['contacts that are a map', 'invalid', contactsOf(new Map())],
  ['contacts in the place of a prototype', 'invalid', contactsOf(JSON.parse('{ "__proto__": "x" }'))],
  [
    'a member that every object has',
    'invalid',
    { kind: 'update-account', account: 'acme', changes: { name: 'Acme', constructor: 5 } },
  ],
  [
    'a member in the place of a prototype',
    'invalid',
    {
      kind: 'update-account',
      account: 'acme',
      changes: JSON.parse('{ "name": "A", "__proto__": 5 }') as unknown,
    },
  ],
  ['a network that is a number', 'invalid', networksOf('10')],
  ['a network that is a number, as a block', 'invalid', networksOf('10/8')],
  ['a network in octal digits', 'invalid', networksOf('010.0.0.1')],
  ['a network in octal digits within another', 'invalid', networksOf('::ffff:010.0.0.1')],
  ['a network of three numbers', 'invalid', networksOf('10.0.1')],
  ['a network beyond any', 'invalid', networksOf('10.0.0.256')],
  ['a network in hexadecimal digits', 'invalid', networksOf('0xa.0.0.1')],
  [
    'a key for a hint',
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('a'), hint: KEY } },
  ],
  [
    "a key of the provider's own making for a hint",
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: OWN_DIGEST, hint: 'own-key' } },
  ],
  [
    'a key for the id of a key',
    'invalid',
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('a'), id: KEY } },
  ],
  [
    'to set a client with two keys of one id',
    'invalid',
    { kind: 'set-client', client: { id: 'crm', account: 'acme', credentials: TWICE } },
  ],
  [
    'to take over a client with two keys of one id',
    'invalid',
    { kind: 'import', accounts: [], clients: [{ id: 'x', account: 'acme', credentials: TWICE }] },
  ],
  [
    'to set an account with two grants of one id',
    'invalid',
    { kind: 'set-account', account: { id: 'acme', grants: [GRANT, GRANT] } },
  ],
  [
    'networks that are none',
    'invalid',
    { kind: 'update-client', client: 'crm', changes: { networks: ['10.0.0.0/33', 'office'] } },
  ],
  [
    'a privacy policy at no address',
    'invalid',
    { kind: 'update-client', client: 'crm', changes: { privacyPolicyUrl: 'javascript:alert(1)' } },
  ],
  ['a member that is not known', 'invalid', { kind: 'verify', acount: 'acme' }],
  ['an operation that is not known', 'invalid', { kind: 'forget', account: 'acme' }],
  ['what every object has', 'invalid', { kind: 'constructor' }],
  ['nothing', 'invalid', undefined],
]

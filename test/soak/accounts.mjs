// The accounts of the soak, several clients and keys each.
import { issueKey } from '@api-terms/core'

export const API = 'telephony'
/** What holds for accounts that have none of their own, to begin with. */
export const LIMITS = Object.freeze({ read: 10, write: 1 })

const ACCOUNTS = [
  { id: 'acme' },
  { id: 'globex', limits: { read: 20, write: 4 } },
  { id: 'initech', limits: { read: 3 } },
  { id: 'hooli' },
]
const CLIENTS_PER_ACCOUNT = 3

/** Records for a registry, and the keys, by account. */
export function provision() {
  const clients = []
  const keys = {}
  for (const { id: account } of ACCOUNTS) {
    keys[account] = []
    for (let number = 0; number < CLIENTS_PER_ACCOUNT; number++) {
      const { key, digest } = issueKey()
      const id = `${account}-${number}`
      clients.push({ id, account, credentials: [{ id: `key-of-${id}`, digest }] })
      keys[account].push({ client: id, key })
    }
  }
  return { records: { accounts: ACCOUNTS, clients }, keys }
}

import type { Account, AccountRegistry, Client, HistoryEntry } from '@api-terms/core'
import { viewOf } from '@api-terms/core'
import { applied } from '../packages/core/src/accounts/applied.js'

/** Everything that a registry knows, by id. */
export interface State {
  readonly accounts: Record<string, Account>
  readonly clients: Record<string, Client>
}

/** The state that a history leads to, from nothing. */
export function replayed(history: readonly HistoryEntry[]): State {
  const accounts = new Map<string, Account>()
  const clients = new Map<string, Client>()
  for (const entry of history) {
    const view = viewOf({ accounts: [...accounts.values()], clients: [...clients.values()] })
    const change = applied(view, entry)
    for (const id of change.removedClients ?? []) clients.delete(id)
    for (const id of change.removedAccounts ?? []) accounts.delete(id)
    for (const account of change.accounts) accounts.set(account.id, account)
    for (const client of change.clients) clients.set(client.id, client)
  }
  return { accounts: Object.fromEntries(accounts), clients: Object.fromEntries(clients) }
}

/** The state that a registry shows, read in small pages. */
export async function stateOf(registry: AccountRegistry): Promise<State> {
  const accounts: Account[] = []
  for (let more = true; more;) {
    const after = accounts.at(-1)?.id
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await registry.accounts({ limit: 2, ...(after !== undefined && { after }) })
    accounts.push(...page)
    more = page.length > 0
  }
  const clients = (await Promise.all(accounts.map(async ({ id }) => registry.clientsOf(id)))).flat()
  return {
    accounts: Object.fromEntries(accounts.map((account) => [account.id, account])),
    clients: Object.fromEntries(clients.map((client) => [client.id, client])),
  }
}

/** The whole history, read in pages. */
export async function historyOf(registry: AccountRegistry, account?: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  for (let more = true; more;) {
    const after = entries.at(-1)?.id ?? 0
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await registry.history({ after, limit: 7, ...(account !== undefined && { account }) })
    entries.push(...page)
    more = page.length > 0
  }
  return entries
}

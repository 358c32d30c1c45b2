import type { OptionIssue } from '../../errors.js'
import type { Account, Client, Registration } from '../../registry.js'
import { RecordedRegistration } from '../recorded.js'
import { issuesOfClient, NO_ACCOUNT, SAME_DIGEST } from './records.js'

/** Frozen records, and whose each digest is: kept in step, so that a look-up reads one table. */
export class RecordTables {
  readonly accounts = new Map<string, Account>()
  readonly clients = new Map<string, Client>()
  readonly registrations = new Map<string, Registration>()
  /** Ids of clients by that of their account: most have one, and a list of one is small. */
  readonly #clientsOf = new Map<string, string[]>()

  putAccount(account: Account): void {
    this.accounts.set(account.id, account)
    for (const id of this.#clientsOf.get(account.id) ?? []) {
      this.#register(account, this.clients.get(id) as Client)
    }
  }

  /** The clients of an account, in the order of their ids. */
  clientsOf(account: string): Client[] {
    return [...(this.#clientsOf.get(account) ?? [])].toSorted().map((id) => this.clients.get(id) as Client)
  }

  /** Takes an account out with its clients. Returns whether there was one. */
  takeAccount(id: string): boolean {
    if (!this.accounts.delete(id)) return false
    // Each is then the last of those that are left.
    for (const client of (this.#clientsOf.get(id) ?? []).toReversed()) this.takeClient(client)
    return true
  }

  /** Of an account that is there, and under an id that is not. */
  putClient(client: Client): void {
    this.clients.set(client.id, client)
    const ids = this.#clientsOf.get(client.account)
    if (!ids) this.#clientsOf.set(client.account, [client.id])
    else ids.push(client.id)
    this.#register(this.accounts.get(client.account) as Account, client)
  }

  /** Takes a client out, and returns it where there was one. */
  takeClient(id: string): Client | undefined {
    const client = this.clients.get(id)
    if (!client) return undefined
    this.clients.delete(id)
    const ids = this.#clientsOf.get(client.account) ?? []
    ids.splice(ids.lastIndexOf(id), 1)
    if (ids.length === 0) this.#clientsOf.delete(client.account)
    for (const { digest } of client.credentials) {
      RecordedRegistration.retire(this.registrations.get(digest))
      this.registrations.delete(digest)
    }
    return client
  }

  /** What is wrong with a client, by itself and beside the other records. */
  conflictsOf(client: Client): OptionIssue[] {
    const issues = issuesOfClient(client, 'client')
    if (issues.length > 0) return issues
    if (!this.accounts.has(client.account)) issues.push({ path: 'client.account', message: NO_ACCOUNT })
    const digests = new Set<string>()
    client.credentials.forEach(({ digest }, i) => {
      const owner = this.registrations.get(digest)?.client.id ?? client.id
      if (digests.has(digest) || owner !== client.id) {
        issues.push({ path: `client.credentials[${i}].digest`, message: SAME_DIGEST })
      }
      digests.add(digest)
    })
    return issues
  }

  #register(account: Account, client: Client): void {
    for (const credential of client.credentials) {
      RecordedRegistration.retire(this.registrations.get(credential.digest))
      this.registrations.set(credential.digest, new RecordedRegistration(account, client, credential))
    }
  }
}

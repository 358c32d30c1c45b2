import {
  readRecord,
  writtenRecord,
  type Account,
  type AccountPage,
  type Client,
  type RecordChange,
  type Registration,
  type RegistryView,
} from '@api-terms/core'
import type { Database } from './database.js'
import { columnOf, textOf } from './texts.js'

interface RecordRow {
  readonly record: string
}

/** The tables of accounts, of clients, and of whose each digest is. What they give out is frozen. */
export class RecordTables {
  readonly view: RegistryView
  readonly #run: ReturnType<typeof statementsOf>

  constructor(database: Database) {
    const run = (this.#run = statementsOf(database))
    this.view = {
      account: (id) => this.account(id),
      client: (id) => this.client(id),
      ownerOf(digest) {
        const row = run.ownerOf.get(digest) as { readonly client: string } | undefined
        return row && textOf(row.client)
      },
      accountsOf: (partner) => recordsIn(run.accountsOf.all(columnOf(partner), '', -1)) as readonly Account[],
      clientsOf: (account) => this.clientsOf(account),
    }
  }

  account(id: string): Account | undefined {
    return recordIn(this.#run.account.get(columnOf(id))) as Account | undefined
  }

  client(id: string): Client | undefined {
    return recordIn(this.#run.client.get(columnOf(id))) as Client | undefined
  }

  accounts({ partner, after = '', limit }: AccountPage & { readonly limit: number }): readonly Account[] {
    const most = Math.min(limit, Number.MAX_SAFE_INTEGER)
    const rows =
      partner === undefined
        ? this.#run.accounts.all(columnOf(after), most)
        : this.#run.accountsOf.all(columnOf(partner), columnOf(after), most)
    return recordsIn(rows) as readonly Account[]
  }

  clientsOf(account: string): readonly Client[] {
    return recordsIn(this.#run.clientsOf.all(columnOf(account))) as readonly Client[]
  }

  registration(digest: string): Registration | undefined {
    const row = this.#run.registration.get(digest) as
      | { readonly account: string; readonly client: string }
      | undefined
    if (!row) return undefined
    const [account, client] = [readRecord(row.account) as Account, readRecord(row.client) as Client]
    const credential = client.credentials.find((each) => each.digest === digest)
    return credential && Object.freeze({ account, client, credential })
  }

  /** Within a transaction. */
  apply({ removedClients = [], removedAccounts = [], accounts, clients }: RecordChange): void {
    for (const id of removedClients) this.#run.removeClient.run(columnOf(id))
    for (const id of removedAccounts) this.#run.removeAccount.run(columnOf(id))
    for (const account of accounts) this.#putAccount(account)
    // A digest may go from one client to another: all that go, before any comes.
    for (const { id } of clients) this.#run.removeCredentials.run(columnOf(id))
    for (const client of clients) this.#putClient(client)
  }

  #putAccount(account: Account): void {
    const partner = account.partner === undefined ? null : columnOf(account.partner)
    this.#run.putAccount.run(columnOf(account.id), partner, writtenRecord(account))
  }

  #putClient(client: Client): void {
    const id = columnOf(client.id)
    this.#run.putClient.run(id, columnOf(client.account), writtenRecord(client))
    for (const { digest } of client.credentials) this.#run.putCredential.run(digest, id)
  }
}

function statementsOf(database: Database) {
  const made = (sql: string) => database.prepare(sql)
  return {
    account: made('SELECT record FROM accounts WHERE id = ?'),
    client: made('SELECT record FROM clients WHERE id = ?'),
    ownerOf: made('SELECT client FROM credentials WHERE digest = ?'),
    accounts: made('SELECT record FROM accounts WHERE id > ? ORDER BY id LIMIT ?'),
    accountsOf: made('SELECT record FROM accounts WHERE partner = ? AND id > ? ORDER BY id LIMIT ?'),
    clientsOf: made('SELECT record FROM clients WHERE account = ? ORDER BY id'),
    registration: made(`
      SELECT accounts.record AS account, clients.record AS client FROM credentials
      JOIN clients ON clients.id = credentials.client JOIN accounts ON accounts.id = clients.account
      WHERE digest = ?`),
    putAccount: made(`
      INSERT INTO accounts (id, partner, record) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET partner = excluded.partner, record = excluded.record`),
    putClient: made(`
      INSERT INTO clients (id, account, record) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET account = excluded.account, record = excluded.record`),
    putCredential: made('INSERT INTO credentials (digest, client) VALUES (?, ?)'),
    removeAccount: made('DELETE FROM accounts WHERE id = ?'),
    removeClient: made('DELETE FROM clients WHERE id = ?'),
    removeCredentials: made('DELETE FROM credentials WHERE client = ?'),
  }
}

function recordIn(row: unknown): unknown {
  return row === undefined ? undefined : readRecord((row as RecordRow).record)
}

function recordsIn(rows: readonly unknown[]): readonly unknown[] {
  return Object.freeze(rows.map(recordIn))
}

import type { Account, Client, Credential, Registry } from '@api-terms/core'
import type { Pool } from 'pg'

interface Row {
  readonly account: Account
  readonly client: Omit<Client, 'credentials'>
  readonly credential: Credential
}

/** Whose a digest is, in the words of the gate. Absent members may be null. */
const FIND = `
  SELECT jsonb_build_object('id', customers.id, 'name', customers.name, 'status', customers.state,
                            'limits', customers.limits, 'partner', customers.reseller) AS account,
         jsonb_build_object('id', apps.id, 'account', apps.customer_id, 'status', apps.state,
                            'apis', apps.apis) AS client,
         jsonb_build_object('digest', api_keys.digest) AS credential,
         customers.terminates_at, api_keys.expires_at, api_keys.revoked_at
    FROM api_keys
    JOIN apps ON apps.id = api_keys.app_id
    JOIN customers ON customers.id = apps.customer_id
   WHERE api_keys.digest = $1`

/**
 * The provider's own tables as a registry. This is all that the gate needs: a change of the tables is in force within
 * `credentials.cacheMs`, and while the database is down requests are answered 503 instead of unseen.
 */
export function postgresRegistry(pool: Pool): Registry {
  return {
    async findByDigest(digest) {
      const { rows } = await pool.query<Row & Dates>(FIND, [digest])
      const [row] = rows
      if (!row) return undefined
      const credential = {
        ...row.credential,
        ...dates({ expiresAt: row.expires_at, revokedAt: row.revoked_at }),
      }
      return {
        account: { ...row.account, ...dates({ terminatesAt: row.terminates_at }) },
        client: { ...row.client, credentials: [credential] },
        credential,
      }
    },
  }
}

interface Dates {
  readonly terminates_at: Date | null
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
}

/** Those dates that there are. */
function dates<Name extends string>(all: Record<Name, Date | null>): { [Each in Name]?: Date } {
  const given = Object.entries(all).filter(([, date]) => date !== null)
  return Object.fromEntries(given) as { [Each in Name]?: Date }
}

/** What the provider had before it had a gate: customers, their apps, and the digests of their keys. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS customers (
    id            text PRIMARY KEY,
    name          text,
    state         text NOT NULL DEFAULT 'active',
    limits        jsonb,
    reseller      text,
    terminates_at timestamptz
  );
  CREATE TABLE IF NOT EXISTS apps (
    id            text PRIMARY KEY,
    customer_id   text NOT NULL REFERENCES customers,
    state         text NOT NULL DEFAULT 'active',
    apis          text[]
  );
  CREATE TABLE IF NOT EXISTS api_keys (
    digest        text PRIMARY KEY,
    app_id        text NOT NULL REFERENCES apps,
    expires_at    timestamptz,
    revoked_at    timestamptz
  );
`

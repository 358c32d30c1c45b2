/** Tells a file of ours from others: `ApiT`. */
export const APPLICATION_ID = 0x41706954

/**
 * What makes each version of the file out of the one before. A migration that has been published is never altered: files made by it
 * are out there.
 */
export const MIGRATIONS: readonly string[] = [
  // 1: accounts, clients and their history. Records are JSON; beside them stands only what is looked for.
  `
  CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    partner TEXT,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accounts_of_partner ON accounts (partner, id) WHERE partner IS NOT NULL;

  CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX clients_of_account ON clients (account);

  CREATE TABLE credentials (
    digest TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credentials_of_client ON credentials (client);

  CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    author TEXT NOT NULL,
    why TEXT,
    operation TEXT NOT NULL,
    accounts TEXT NOT NULL
  ) STRICT;
  CREATE TABLE concerned (
    account TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES history (id),
    PRIMARY KEY (account, entry)
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER history_in_order BEFORE INSERT ON history
    WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM history)
    BEGIN SELECT raise(ABORT, 'the history has no gaps, and takes no place of another'); END;
  CREATE TRIGGER history_stays BEFORE UPDATE ON history
    BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
  CREATE TRIGGER history_kept BEFORE DELETE ON history
    BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
  CREATE TRIGGER concerned_stays BEFORE UPDATE ON concerned
    BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
  CREATE TRIGGER concerned_kept BEFORE DELETE ON concerned
    BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
  `,

  // 2: the ledger, and usage.
  `
  CREATE TABLE ledger (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    what TEXT NOT NULL,
    account TEXT,
    reason TEXT,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE INDEX ledger_by_age ON ledger (at);
  CREATE INDEX ledger_of_account ON ledger (account, number) WHERE account IS NOT NULL;

  CREATE TABLE usage (
    day TEXT NOT NULL,
    api TEXT NOT NULL,
    account TEXT NOT NULL,
    class TEXT NOT NULL,
    connections INTEGER NOT NULL,
    held_ms INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    PRIMARY KEY (day, api, account, class)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_refusals (
    day TEXT NOT NULL,
    api TEXT NOT NULL,
    account TEXT NOT NULL,
    class TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, api, account, class, reason)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_batches (
    process TEXT NOT NULL PRIMARY KEY,
    serial INTEGER NOT NULL,
    day TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,

  // 3: by which rules an entry of the history was decided, where not by the first.
  `
  ALTER TABLE history ADD COLUMN rules INTEGER;
  `,
]

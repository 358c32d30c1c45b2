CREATE TABLE accounts (id TEXT NOT NULL PRIMARY KEY, partner TEXT, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_of_partner ON accounts (partner, id) WHERE partner IS NOT NULL;
CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id), record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX clients_of_account ON clients (account);
CREATE TABLE credentials (
  digest TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_of_client ON credentials (client);
CREATE TABLE history (
  id INTEGER PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, why TEXT, operation TEXT NOT NULL, accounts TEXT NOT NULL
) STRICT;
CREATE TABLE concerned (
  account TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES history (id), PRIMARY KEY (account, entry)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER history_in_order BEFORE INSERT ON history WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM history)
  BEGIN SELECT raise(ABORT, 'the history has no gaps, and takes no place of another'); END;
CREATE TRIGGER history_stays BEFORE UPDATE ON history BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
CREATE TRIGGER history_kept BEFORE DELETE ON history BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
CREATE TRIGGER concerned_stays BEFORE UPDATE ON concerned BEGIN SELECT raise(ABORT, 'the history is only added to'); END;
CREATE TRIGGER concerned_kept BEFORE DELETE ON concerned BEGIN SELECT raise(ABORT, 'the history is only added to'); END;

INSERT INTO accounts VALUES ('acme', 'resell', '{"id":"acme","partner":"resell","limits":{"read":{"$number":"Infinity"}},"verifiedAt":{"$date":"2026-01-01T00:00:00.000Z"}}');
INSERT INTO clients VALUES ('crm', 'acme', '{"id":"crm","account":"acme","credentials":[{"id":"k1","digest":"1111111111111111111111111111111111111111111111111111111111111111"}],"verifiedAt":{"$date":"2026-01-01T00:00:00.000Z"}}');
INSERT INTO credentials VALUES ('1111111111111111111111111111111111111111111111111111111111111111', 'crm');
INSERT INTO history VALUES
  (1, '2026-01-01T00:00:00.000Z', 'ops', NULL, '{"kind":"register-account","account":"acme","details":{"partner":"resell","limits":{"read":{"$number":"Infinity"}}}}', '["acme"]'),
  (2, '2026-01-01T00:00:00.000Z', 'ops', NULL, '{"kind":"register-client","account":"acme","client":"crm","details":{}}', '["acme"]'),
  (3, '2026-01-02T00:00:00.000Z', 'ops', 'first\nkey', '{"kind":"issue-key","client":"crm","credential":{"id":"k1","digest":"1111111111111111111111111111111111111111111111111111111111111111"}}', '["acme"]');
INSERT INTO concerned VALUES ('acme', 1), ('acme', 2), ('acme', 3);
PRAGMA application_id = 1097886036;
PRAGMA user_version = 1;

-- Our own: what stops the guessing of one-time codes, by target instead of by account, and the
-- links of changes of address, by a hash. The counts of open codes begin anew.

CREATE TABLE code_guards (
    key TEXT NOT NULL PRIMARY KEY,
    wrong INTEGER NOT NULL DEFAULT 0,
    newest_at INTEGER,
    voided_at INTEGER,
    busy_until INTEGER,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX code_guards_updated_at_idx ON code_guards (updated_at);

CREATE TABLE change_links (
    token_id BLOB NOT NULL PRIMARY KEY REFERENCES one_time_tokens (id) ON DELETE CASCADE,
    link_hash TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

DROP TABLE token_guards;

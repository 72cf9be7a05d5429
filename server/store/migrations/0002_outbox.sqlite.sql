-- Our own: mails and SMS that wait to be sent. The id sorts by time. The payload holds one-time
-- codes, so it is sealed with the id as owner. A row that was given up keeps neither payload nor
-- next_try_at, and stays to be seen until it is swept.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'sms')),
    topic TEXT NOT NULL,
    payload TEXT,
    created_at INTEGER NOT NULL,
    next_try_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_next_try_at_idx ON outbox (next_try_at) WHERE next_try_at IS NOT NULL;

-- Our own, rule S19: accounts that a stranger made by signing up and that have not been seen to
-- belong to anybody, or that are anonymous; seen_at is when they were made, or last used as far as
-- the sweep knows. All anonymous accounts that were here before are among them.

CREATE TABLE sign_ups (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('unconfirmed', 'anonymous')),
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ups_seen_idx ON sign_ups (kind, seen_at);

INSERT INTO sign_ups (user_id, kind, seen_at)
    SELECT id, 'anonymous', coalesce(created_at, 1) FROM users WHERE is_anonymous = 1;

-- Our own: wrong tries of one-time codes (row OT6), and how many messages were sent of late.

CREATE TABLE token_guards (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_type TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, token_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE send_limits (
    name TEXT NOT NULL PRIMARY KEY,
    left_millionths INTEGER NOT NULL,
    filled_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX users_phone_change_idx ON users (phone_change) WHERE phone_change <> '';
CREATE INDEX users_email_change_new_idx ON users (email_change_token_new)
    WHERE email_change_token_new <> '';
CREATE INDEX users_email_change_current_idx ON users (email_change_token_current)
    WHERE email_change_token_current <> '';

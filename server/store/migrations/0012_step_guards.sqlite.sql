-- Our own: wrong codes are counted apart by where they come from, and never lock for good. A
-- factor's guard counts what comes from anywhere, a step guard what comes from the owner's sessions
-- and networks; one of the nil subject is a network that the user verified a factor from.

ALTER TABLE factor_guards ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE factor_guards ADD COLUMN spent_at INTEGER;
ALTER TABLE factor_guards ADD COLUMN session_id BLOB;
ALTER TABLE factor_guards ADD COLUMN session_wrong INTEGER NOT NULL DEFAULT 0;
ALTER TABLE factor_guards ADD COLUMN enrolled_in BLOB; -- the session; while it is unverified

UPDATE factor_guards SET spent = min(failures, 100), spent_at = updated_at, locked_until = NULL
WHERE locked_until >= 253402300799000000;
UPDATE recovery_sets SET locked_until = NULL WHERE locked_until >= 253402300799000000;

CREATE TABLE step_guards (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subject_id BLOB NOT NULL,
    origin TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    spent INTEGER NOT NULL DEFAULT 0,
    spent_at INTEGER,
    session_id BLOB,
    session_wrong INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, subject_id, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_guards_updated_at_idx ON step_guards (updated_at);

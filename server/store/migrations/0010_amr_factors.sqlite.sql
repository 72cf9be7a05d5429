-- Our own: which factor (or set of recovery codes) earned a session's amr entry, and when last. An
-- entry that another server made or renewed has none here.

CREATE TABLE amr_factors (
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    factor_id BLOB NOT NULL,
    authentication_method TEXT NOT NULL,
    verified_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, factor_id)
) STRICT, WITHOUT ROWID;

-- Our own: to which number the code went that a session began with; NULL: it came by mail.

CREATE TABLE session_proofs (
    session_id BLOB NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    phone TEXT
) STRICT, WITHOUT ROWID;

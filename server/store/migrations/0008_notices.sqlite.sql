-- Our own: how many notices of a kind went out about somebody or something since a time, and the
-- wrong codes of sessions that began with a right password. Swept by age, so nothing refers to them.

CREATE TABLE notice_counts (
    subject_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    PRIMARY KEY (subject_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE wrong_codes (
    session_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    wrong INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX wrong_codes_user_idx ON wrong_codes (user_id);

-- Our own: how many notices of a kind went out about somebody or something since a time, and the
-- wrong codes of sessions that began with a right password. Swept by age, so nothing refers to them.

CREATE TABLE countersign.notice_counts (
    subject_id uuid NOT NULL,
    kind text NOT NULL,
    since timestamptz NOT NULL,
    sent bigint NOT NULL,
    PRIMARY KEY (subject_id, kind)
);

CREATE TABLE countersign.wrong_codes (
    session_id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL,
    wrong bigint NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX wrong_codes_user_idx ON countersign.wrong_codes (user_id);

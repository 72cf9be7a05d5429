-- Our own: what stops the guessing of one-time codes, by target instead of by account, and the
-- links of changes of address, by a hash. The counts of open codes begin anew. Links whose token is
-- gone stay until the sweep.
CREATE TABLE countersign.code_guards (
    key text NOT NULL PRIMARY KEY,
    wrong bigint NOT NULL DEFAULT 0,
    newest_at timestamptz,
    voided_at timestamptz,
    busy_until timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX code_guards_updated_at_idx ON countersign.code_guards (updated_at);

CREATE TABLE countersign.change_links (
    token_id uuid NOT NULL PRIMARY KEY,
    link_hash text NOT NULL UNIQUE
);

DROP TABLE countersign.token_guards;

-- Our own: recovery codes (mfa.md 2.6). Codes are keyed hashes; a set is one a user. Of a
-- user whom the official server deleted it stays until the sweep.

CREATE TABLE countersign.recovery_sets (
    user_id uuid NOT NULL PRIMARY KEY,
    id uuid NOT NULL,
    friendly_name text NOT NULL,
    failures bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE countersign.recovery_codes (
    user_id uuid NOT NULL REFERENCES countersign.recovery_sets (user_id) ON DELETE CASCADE,
    code_hash text NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

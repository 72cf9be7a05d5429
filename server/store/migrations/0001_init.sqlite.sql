-- The tables of the official server (internals.md 11.2), for SQLite: ids are 16 bytes,
-- times are microseconds since 1970 UTC, JSON is text, and text that the official server cannot
-- read as NULL is never NULL. Our own tables stand at the end.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    instance_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000',
    aud TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT '',
    email TEXT,
    encrypted_password TEXT NOT NULL DEFAULT '',
    email_confirmed_at INTEGER,
    invited_at INTEGER,
    confirmation_token TEXT NOT NULL DEFAULT '',
    confirmation_sent_at INTEGER,
    recovery_token TEXT NOT NULL DEFAULT '',
    recovery_sent_at INTEGER,
    email_change_token_new TEXT NOT NULL DEFAULT '',
    email_change TEXT NOT NULL DEFAULT '',
    email_change_sent_at INTEGER,
    last_sign_in_at INTEGER,
    raw_app_meta_data TEXT,
    raw_user_meta_data TEXT,
    is_super_admin INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    phone TEXT UNIQUE,
    phone_confirmed_at INTEGER,
    phone_change TEXT NOT NULL DEFAULT '',
    phone_change_token TEXT NOT NULL DEFAULT '',
    phone_change_sent_at INTEGER,
    confirmed_at INTEGER GENERATED ALWAYS AS (
        CASE WHEN email_confirmed_at IS NULL THEN phone_confirmed_at
             WHEN phone_confirmed_at IS NULL THEN email_confirmed_at
             ELSE min(email_confirmed_at, phone_confirmed_at) END) VIRTUAL,
    email_change_token_current TEXT NOT NULL DEFAULT '',
    email_change_confirm_status INTEGER NOT NULL DEFAULT 0
        CHECK (email_change_confirm_status BETWEEN 0 AND 2),
    banned_until INTEGER,
    reauthentication_token TEXT NOT NULL DEFAULT '',
    reauthentication_sent_at INTEGER,
    is_sso_user INTEGER NOT NULL DEFAULT 0,
    deleted_at INTEGER,
    is_anonymous INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX users_email_partial_key ON users (email) WHERE is_sso_user = 0;
CREATE INDEX users_created_at_idx ON users (created_at);

CREATE TABLE identities (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    provider_id TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_data TEXT NOT NULL,
    provider TEXT NOT NULL,
    last_sign_in_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    email TEXT GENERATED ALWAYS AS (lower(json_extract(identity_data, '$.email'))) STORED,
    UNIQUE (provider_id, provider)
) STRICT;
CREATE INDEX identities_user_id_idx ON identities (user_id);
CREATE INDEX identities_email_idx ON identities (email);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    factor_id BLOB,
    aal TEXT CHECK (aal IN ('aal1', 'aal2', 'aal3')),
    not_after INTEGER,
    refreshed_at INTEGER,
    user_agent TEXT,
    ip TEXT,
    tag TEXT,
    refresh_token_hmac_key TEXT,
    refresh_token_counter INTEGER
) STRICT;
CREATE INDEX user_id_created_at_idx ON sessions (user_id, created_at);
CREATE INDEX sessions_not_after_idx ON sessions (not_after) WHERE not_after IS NOT NULL;

CREATE TABLE refresh_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000',
    token TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    parent TEXT,
    session_id BLOB REFERENCES sessions (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX refresh_tokens_session_id_revoked_idx ON refresh_tokens (session_id, revoked);
CREATE INDEX refresh_tokens_updated_at_idx ON refresh_tokens (updated_at);

CREATE TABLE mfa_factors (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    friendly_name TEXT NOT NULL DEFAULT '',
    factor_type TEXT NOT NULL CHECK (factor_type IN ('totp', 'webauthn', 'phone')),
    status TEXT NOT NULL CHECK (status IN ('unverified', 'verified')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    secret TEXT NOT NULL DEFAULT '',
    phone TEXT,
    last_challenged_at INTEGER,
    web_authn_credential TEXT,
    web_authn_aaguid BLOB,
    last_webauthn_challenge_data TEXT
) STRICT;
CREATE UNIQUE INDEX mfa_factors_user_friendly_name_unique
    ON mfa_factors (user_id, friendly_name) WHERE trim(friendly_name) <> '';
CREATE INDEX factor_id_created_at_idx ON mfa_factors (user_id, created_at);
CREATE UNIQUE INDEX unique_phone_factor_per_user ON mfa_factors (user_id, phone)
    WHERE phone IS NOT NULL;

CREATE TABLE mfa_challenges (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    factor_id BLOB NOT NULL REFERENCES mfa_factors (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    verified_at INTEGER,
    ip_address TEXT NOT NULL,
    otp_code TEXT NOT NULL DEFAULT '',
    web_authn_session_data TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mfa_challenges_factor_id_idx ON mfa_challenges (factor_id);

CREATE TABLE mfa_amr_claims (
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    authentication_method TEXT NOT NULL, -- key columns first: integrity_check of SQLite 3.40
    id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, authentication_method)
) STRICT, WITHOUT ROWID;

CREATE TABLE one_time_tokens (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_type TEXT NOT NULL CHECK (token_type IN (
        'confirmation_token', 'reauthentication_token', 'recovery_token',
        'email_change_token_new', 'email_change_token_current', 'phone_change_token')),
    token_hash TEXT NOT NULL CHECK (length(token_hash) > 0),
    relates_to TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (user_id, token_type)
) STRICT;
CREATE INDEX one_time_tokens_token_hash_idx ON one_time_tokens (token_hash);
CREATE INDEX one_time_tokens_relates_to_idx ON one_time_tokens (relates_to);

CREATE TABLE flow_state (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB,
    auth_code TEXT,
    code_challenge_method TEXT CHECK (code_challenge_method IN ('s256', 'plain')),
    code_challenge TEXT,
    provider_type TEXT NOT NULL,
    provider_access_token TEXT NOT NULL DEFAULT '',
    provider_refresh_token TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    authentication_method TEXT NOT NULL,
    auth_code_issued_at INTEGER
) STRICT;
CREATE INDEX idx_auth_code ON flow_state (auth_code);
CREATE INDEX idx_user_id_auth_method ON flow_state (user_id, authentication_method);
CREATE INDEX flow_state_created_at_idx ON flow_state (created_at);

CREATE TABLE audit_log_entries (
    id BLOB NOT NULL PRIMARY KEY,
    instance_id BLOB NOT NULL DEFAULT x'00000000000000000000000000000000',
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ip_address TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Our own: what a factor remembers so that a code counts once and guessing is stopped (rows B1 to
-- B3). A row exists from the first code on.
CREATE TABLE factor_guards (
    factor_id BLOB NOT NULL PRIMARY KEY REFERENCES mfa_factors (id) ON DELETE CASCADE,
    last_step INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Our own: wrong passwords in a row of one account from one address (row RL3). The key is a keyed
-- hash of both, so that the table names nobody.
CREATE TABLE password_guards (
    key TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_guards_updated_at_idx ON password_guards (updated_at);

-- Our own: facts about the file, such as which encryption key it was written with.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

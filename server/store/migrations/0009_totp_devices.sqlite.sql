-- Our own: what is known of the authenticator behind a TOTP factor, where it is not SHA-1, 6 digits,
-- 30 s and a clock like ours. Most factors have no row.

CREATE TABLE totp_devices (
    factor_id BLOB NOT NULL PRIMARY KEY REFERENCES mfa_factors (id) ON DELETE CASCADE,
    algorithm TEXT NOT NULL DEFAULT 'SHA1' CHECK (algorithm IN ('SHA1', 'SHA256', 'SHA512')),
    digits INTEGER NOT NULL DEFAULT 6 CHECK (digits BETWEEN 6 AND 8),
    period_s INTEGER NOT NULL DEFAULT 30 CHECK (period_s BETWEEN 15 AND 120),
    drift INTEGER NOT NULL DEFAULT 0 CHECK (drift BETWEEN -20 AND 20),
    readings INTEGER NOT NULL DEFAULT 0,
    read_at INTEGER,
    refused_off_s INTEGER NOT NULL DEFAULT 0,
    refused_at INTEGER,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

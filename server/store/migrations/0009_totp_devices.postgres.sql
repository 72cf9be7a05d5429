-- Our own: what is known of the authenticator behind a TOTP factor, where it is not SHA-1, 6 digits,
-- 30 s and a clock like ours. Most factors have no row. Of a factor that is gone it stays until the
-- sweep.

CREATE TABLE countersign.totp_devices (
    factor_id uuid NOT NULL PRIMARY KEY,
    algorithm text NOT NULL DEFAULT 'SHA1' CHECK (algorithm IN ('SHA1', 'SHA256', 'SHA512')),
    digits bigint NOT NULL DEFAULT 6 CHECK (digits BETWEEN 6 AND 8),
    period_s bigint NOT NULL DEFAULT 30 CHECK (period_s BETWEEN 15 AND 120),
    drift bigint NOT NULL DEFAULT 0 CHECK (drift BETWEEN -20 AND 20),
    readings bigint NOT NULL DEFAULT 0,
    read_at timestamptz,
    refused_off_s bigint NOT NULL DEFAULT 0,
    refused_at timestamptz,
    updated_at timestamptz NOT NULL
);

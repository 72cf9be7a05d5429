-- A WebAuthn credential is one factor's alone: found by its id over all users (WebAuthn §7.1.22).
-- An index is all that we ever add to the schema auth: no program sees it, and where the table
-- belongs to another role the look-up does without.
DO $$
BEGIN
    CREATE INDEX IF NOT EXISTS mfa_factors_credential_id_idx
        ON auth.mfa_factors ((web_authn_credential ->> 'id'))
        WHERE web_authn_credential IS NOT NULL;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

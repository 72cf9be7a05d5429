-- A WebAuthn credential is one factor's alone: found by its id over all users (WebAuthn §7.1.22).

CREATE INDEX mfa_factors_credential_id_idx ON mfa_factors (web_authn_credential ->> 'id')
    WHERE web_authn_credential IS NOT NULL;

"""Which shapes of the official server's schema there are from its migration 20251007112900 on: what each later migration brought, taken
away again. Newest first."""
UNDO = [
    ("20260625000000", "alter table auth.custom_oauth_providers drop column custom_claims_allowlist"),
    ("20260302000000", "drop table auth.webauthn_credentials; drop table auth.webauthn_challenges"),
    ("20260219120000", "drop table auth.custom_oauth_providers"),
    ("20260121000000", "alter table auth.oauth_clients drop column token_endpoint_auth_method"),
    ("20260115000000", "alter table auth.flow_state drop column invite_token, drop column referrer, drop column oauth_client_state_id, "
                       "drop column linking_target_id, drop column email_optional, alter code_challenge set not null, "
                       "alter code_challenge_method set not null, alter auth_code set not null"),
    ("20251201000000", "drop table auth.oauth_client_states"),
    ("20251111201300", "alter table auth.sessions drop column scopes"),
    ("20251104100000", "alter table auth.oauth_authorizations drop column nonce"),
]
OLDEST = "20251007112900"
TOO_OLD = (OLDEST, "alter table auth.sessions drop column refresh_token_hmac_key, drop column refresh_token_counter")

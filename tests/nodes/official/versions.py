"""Which shapes of the official server's schema there are from its migration 20241009103726 on: what each later migration brought, taken
away again. Newest first. Of tables that Countersign never uses (oauth_*, sso_*) the columns are not always those of that time."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OWNER = "supabase_auth_admin"
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
    # Shapes without what new sessions and WebAuthn answers are otherwise written to.
    ("20251007112900", "alter table auth.sessions drop column refresh_token_hmac_key, drop column refresh_token_counter"),
    ("20250925093508", "alter table auth.mfa_factors drop column last_webauthn_challenge_data"),
    ("20250904133000", "alter table auth.sessions drop column oauth_client_id"),          # its index and foreign key go with it
    ("20250903112500", "alter table auth.oauth_clients add column client_id text"),
    ("20250901200500", "alter table auth.oauth_clients drop column client_type; drop type auth.oauth_client_type"),
    ("20250804100000", "drop table auth.oauth_consents, auth.oauth_authorizations; drop type auth.oauth_authorization_status, auth.oauth_response_type"),
    ("20250731150234", "drop table auth.oauth_clients; drop type auth.oauth_registration_type"),
    ("20250717082212", "alter table auth.sso_providers drop column disabled"),
]
OLDEST = "20241009103726"
TOO_OLD = (OLDEST, "alter table auth.mfa_factors drop column web_authn_credential, drop column web_authn_aaguid; "
                   "alter table auth.mfa_challenges drop column web_authn_session_data")

# What the official server adds when it brings an older database to its newest migration, as far as Countersign's tables go.
REDO = [
    ("20250904133000", "alter table auth.sessions add column oauth_client_id uuid"),
    ("20250925093508", "alter table auth.mfa_factors add column last_webauthn_challenge_data jsonb"),
    ("20251007112900", "alter table auth.sessions add column refresh_token_hmac_key text, add column refresh_token_counter bigint"),
]


def before(version):
    """What to take away for the shape that was there before that migration."""
    return UNDO[:[v for v, _ in UNDO].index(version) + 1]


def official(pg, people=True):
    """The database `official` at the newest migration, to be used as a template."""
    pg.create("official")
    for name in ("schema.sql", "people.sql") if people else ("schema.sql",):
        with open(os.path.join(HERE, name), encoding="utf8") as f:
            pg.sql(f.read(), "official")


def made(pg, name, undo=()):
    """A database of that name as the official server leaves it, without what the migrations of `undo` brought; its URL."""
    pg.sql('create database "%s" template official; grant create on database "%s" to %s; alter role %s in database "%s" set search_path = auth'
           % (name, name, OWNER, OWNER, name))
    for version, statements in undo:
        pg.sql("%s; delete from auth.schema_migrations where version = '%s'" % (statements, version), name)
    return pg.dsn(name, OWNER)


def brought_up(pg, name):
    """The official server's newer migrations, while Countersign runs or not."""
    for version, statement in REDO:
        pg.sql("%s; insert into auth.schema_migrations values ('%s')" % (statement, version), name)

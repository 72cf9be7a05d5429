-- A database as the official server leaves it at its migration 20260625000000, written for the tests from the description of its tables
-- (internals.md 11.2, 11.3), apart from the script with which Countersign makes that schema itself: owned by a role that is
-- no superuser, as in Supabase, with the names, defaults and traps that the description gives.
create role supabase_auth_admin login noinherit createrole;
do $$ begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
    if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin bypassrls; end if;
end $$;
create schema auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role, postgres;
set role supabase_auth_admin;
set search_path = auth;

create type factor_type as enum ('totp', 'webauthn', 'phone');
create type factor_status as enum ('unverified', 'verified');
create type aal_level as enum ('aal1', 'aal2', 'aal3');
create type code_challenge_method as enum ('s256', 'plain');
create type one_time_token_type as enum ('confirmation_token', 'reauthentication_token', 'recovery_token', 'email_change_token_new',
    'email_change_token_current', 'phone_change_token');
create type oauth_registration_type as enum ('dynamic', 'manual');
create type oauth_client_type as enum ('public', 'confidential');
create type oauth_authorization_status as enum ('pending', 'approved', 'denied', 'expired');
create type oauth_response_type as enum ('code');

create table schema_migrations (version varchar(255) not null primary key);
create table instances (id uuid primary key, uuid uuid, raw_base_config text, created_at timestamptz, updated_at timestamptz);
create table audit_log_entries (instance_id uuid, id uuid primary key, payload json, created_at timestamptz,
    ip_address varchar(64) not null default '');
create index audit_logs_instance_id_idx on audit_log_entries (instance_id);

create table users (
    instance_id uuid, id uuid primary key, aud varchar(255), role varchar(255), email varchar(255), encrypted_password varchar(255),
    email_confirmed_at timestamptz, invited_at timestamptz, confirmation_token varchar(255), confirmation_sent_at timestamptz,
    recovery_token varchar(255), recovery_sent_at timestamptz, email_change_token_new varchar(255), email_change varchar(255),
    email_change_sent_at timestamptz, last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean,
    created_at timestamptz, updated_at timestamptz, phone text default null, phone_confirmed_at timestamptz, phone_change text default '',
    phone_change_token varchar(255) default '', phone_change_sent_at timestamptz,
    confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
    email_change_token_current varchar(255) default '', email_change_confirm_status smallint default 0
        check (email_change_confirm_status >= 0 and email_change_confirm_status <= 2),
    banned_until timestamptz, reauthentication_token varchar(255) default '', reauthentication_sent_at timestamptz,
    is_sso_user boolean not null default false, deleted_at timestamptz, is_anonymous boolean not null default false,
    constraint users_phone_key unique (phone));
create unique index users_email_partial_key on users (email) where (is_sso_user = false);
create index users_instance_id_email_idx on users (instance_id, lower(email));
create index users_instance_id_idx on users (instance_id);
create index users_is_anonymous_idx on users (is_anonymous);
create unique index confirmation_token_idx on users (confirmation_token) where confirmation_token !~ '^[0-9 ]*$';
create unique index recovery_token_idx on users (recovery_token) where recovery_token !~ '^[0-9 ]*$';
create unique index email_change_token_current_idx on users (email_change_token_current) where email_change_token_current !~ '^[0-9 ]*$';
create unique index email_change_token_new_idx on users (email_change_token_new) where email_change_token_new !~ '^[0-9 ]*$';
create unique index reauthentication_token_idx on users (reauthentication_token) where reauthentication_token !~ '^[0-9 ]*$';

create table identities (provider_id text not null, user_id uuid not null references users on delete cascade, identity_data jsonb not null,
    provider text not null, last_sign_in_at timestamptz, created_at timestamptz, updated_at timestamptz,
    email text generated always as (lower(identity_data ->> 'email')) stored, id uuid primary key default gen_random_uuid(),
    constraint identities_provider_id_provider_unique unique (provider_id, provider));
create index identities_user_id_idx on identities (user_id);
create index identities_email_idx on identities (email text_pattern_ops);

create table oauth_clients (id uuid primary key, client_secret_hash text, registration_type oauth_registration_type not null,
    redirect_uris text not null, grant_types text not null, client_name text, client_uri text, logo_uri text,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(), deleted_at timestamptz,
    client_type oauth_client_type not null default 'confidential', token_endpoint_auth_method text not null);
create table oauth_client_states (id uuid primary key, provider_type text not null, code_verifier text, created_at timestamptz not null);
create table oauth_authorizations (id uuid primary key, authorization_id text not null, client_id uuid not null references oauth_clients
    on delete cascade, user_id uuid references users on delete cascade, redirect_uri text not null, scope text not null, state text,
    resource text, code_challenge text, code_challenge_method code_challenge_method, response_type oauth_response_type not null default 'code',
    status oauth_authorization_status not null default 'pending', authorization_code text, created_at timestamptz not null default now(),
    expires_at timestamptz not null default (now() + interval '3 minutes'), approved_at timestamptz, nonce text);
create table oauth_consents (id uuid primary key, user_id uuid not null references users on delete cascade, client_id uuid not null
    references oauth_clients on delete cascade, scopes text not null, granted_at timestamptz not null default now(), revoked_at timestamptz);
create table custom_oauth_providers (id uuid primary key default gen_random_uuid(), provider_type text not null, identifier text not null,
    name text not null, client_id text not null, client_secret text not null, custom_claims_allowlist text[] not null default '{}');

create table sessions (
    id uuid primary key, user_id uuid not null references users on delete cascade, created_at timestamptz, updated_at timestamptz,
    factor_id uuid, aal aal_level, not_after timestamptz, refreshed_at timestamp, user_agent text, ip inet, tag text,
    oauth_client_id uuid references oauth_clients on delete cascade, refresh_token_hmac_key text, refresh_token_counter bigint, scopes text,
    constraint sessions_scopes_length check (char_length(scopes) <= 4096));
create index user_id_created_at_idx on sessions (user_id, created_at);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_not_after_idx on sessions (not_after desc);
create index sessions_oauth_client_id_idx on sessions (oauth_client_id);

create table refresh_tokens (
    instance_id uuid, id bigserial primary key, token varchar(255), user_id varchar(255), revoked boolean, created_at timestamptz,
    updated_at timestamptz, parent varchar(255), session_id uuid references sessions on delete cascade,
    constraint refresh_tokens_token_unique unique (token));
create index refresh_tokens_instance_id_idx on refresh_tokens (instance_id);
create index refresh_tokens_instance_id_user_id_idx on refresh_tokens (instance_id, user_id);
create index refresh_tokens_parent_idx on refresh_tokens (parent);
create index refresh_tokens_session_id_revoked_idx on refresh_tokens (session_id, revoked);
create index refresh_tokens_updated_at_idx on refresh_tokens (updated_at desc);

create table mfa_factors (
    id uuid primary key, user_id uuid not null references users on delete cascade, friendly_name text, factor_type factor_type not null,
    status factor_status not null, created_at timestamptz not null, updated_at timestamptz not null, secret text, phone text,
    last_challenged_at timestamptz, web_authn_credential jsonb, web_authn_aaguid uuid, last_webauthn_challenge_data jsonb,
    constraint mfa_factors_last_challenged_at_key unique (last_challenged_at));
create unique index mfa_factors_user_friendly_name_unique on mfa_factors (friendly_name, user_id) where trim(friendly_name) <> '';
create index factor_id_created_at_idx on mfa_factors (user_id, created_at);
create index mfa_factors_user_id_idx on mfa_factors (user_id);
create unique index unique_phone_factor_per_user on mfa_factors (user_id, phone);
create table mfa_challenges (id uuid primary key, factor_id uuid not null references mfa_factors on delete cascade,
    created_at timestamptz not null, verified_at timestamptz, ip_address inet not null, otp_code text, web_authn_session_data jsonb);
create index mfa_challenge_created_at_idx on mfa_challenges (created_at desc);
create table mfa_amr_claims (session_id uuid not null references sessions on delete cascade, created_at timestamptz not null,
    updated_at timestamptz not null, authentication_method text not null, id uuid not null, constraint amr_id_pk primary key (id),
    constraint mfa_amr_claims_session_id_authentication_method_pkey unique (session_id, authentication_method));

create table one_time_tokens (id uuid primary key, user_id uuid not null references users on delete cascade,
    token_type one_time_token_type not null, token_hash text not null check (char_length(token_hash) > 0), relates_to text not null,
    created_at timestamp not null default now(), updated_at timestamp not null default now());
create index one_time_tokens_token_hash_hash_idx on one_time_tokens using hash (token_hash);
create index one_time_tokens_relates_to_hash_idx on one_time_tokens using hash (relates_to);
create unique index one_time_tokens_user_id_token_type_key on one_time_tokens (user_id, token_type);

create table flow_state (
    id uuid primary key, user_id uuid, auth_code text, code_challenge_method code_challenge_method, code_challenge text,
    provider_type text not null, provider_access_token text, provider_refresh_token text, created_at timestamptz, updated_at timestamptz,
    authentication_method text not null, auth_code_issued_at timestamptz, invite_token text, referrer text, oauth_client_state_id uuid,
    linking_target_id uuid, email_optional boolean not null default false);
create index idx_auth_code on flow_state (auth_code);
create index idx_user_id_auth_method on flow_state (user_id, authentication_method);
create index flow_state_created_at_idx on flow_state (created_at desc);

create table webauthn_credentials (id uuid primary key default gen_random_uuid(), user_id uuid not null references users on delete cascade,
    credential_id bytea not null, public_key bytea not null, attestation_type text not null default '', aaguid uuid,
    sign_count bigint not null default 0, transports jsonb not null default '[]', backup_eligible boolean not null default false,
    backed_up boolean not null default false, friendly_name text not null default '', created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(), last_used_at timestamptz);
create unique index webauthn_credentials_credential_id_key on webauthn_credentials (credential_id);
create index webauthn_credentials_user_id_idx on webauthn_credentials (user_id);
create table webauthn_challenges (id uuid primary key default gen_random_uuid(), user_id uuid references users on delete cascade,
    challenge_type text not null check (challenge_type in ('signup', 'registration', 'authentication')), session_data jsonb not null,
    created_at timestamptz not null default now(), expires_at timestamptz not null);
create index webauthn_challenges_user_id_idx on webauthn_challenges (user_id);
create index webauthn_challenges_expires_at_idx on webauthn_challenges (expires_at);

create table sso_providers (id uuid primary key, resource_id text, created_at timestamptz, updated_at timestamptz, disabled boolean);
create table sso_domains (id uuid primary key, sso_provider_id uuid not null references sso_providers on delete cascade,
    domain text not null, created_at timestamptz, updated_at timestamptz);
create table saml_providers (id uuid primary key, sso_provider_id uuid not null references sso_providers on delete cascade,
    entity_id text not null unique, metadata_xml text not null, metadata_url text, attribute_mapping jsonb, created_at timestamptz,
    updated_at timestamptz, name_id_format text);
create table saml_relay_states (id uuid primary key, sso_provider_id uuid not null references sso_providers on delete cascade,
    request_id text not null, for_email text, redirect_to text, created_at timestamptz, updated_at timestamptz,
    flow_state_id uuid references flow_state on delete cascade);

create function uid() returns uuid language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
create function role() returns text language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text $$;
create function email() returns text language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claim.email', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'))::text $$;
create function jwt() returns jsonb language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;

do $$
declare
    name text;
begin
    foreach name in array array['schema_migrations', 'instances', 'users', 'audit_log_entries', 'saml_relay_states', 'refresh_tokens',
        'mfa_factors', 'sessions', 'sso_providers', 'sso_domains', 'mfa_challenges', 'mfa_amr_claims', 'saml_providers', 'flow_state',
        'identities', 'one_time_tokens'] loop
        execute format('alter table %I enable row level security', name);
        execute format('grant select on %I to postgres with grant option', name);
    end loop;
end $$;

insert into schema_migrations select unnest(string_to_array('00 20210710035447 20210722035447 20210730183235 20210909172000 '
    '20210927181326 20211122151130 20211124214934 20211202183645 20220114185221 20220114185340 20220224000811 20220323170000 '
    '20220429102000 20220531120530 20220614074223 20220811173540 20221003041349 20221003041400 20221011041400 20221020193600 '
    '20221021073300 20221021082433 20221027105023 20221114143122 20221114143410 20221125140132 20221208132122 20221215195500 '
    '20221215195800 20221215195900 20230116124310 20230116124412 20230131181311 20230322519590 20230402418590 20230411005111 '
    '20230508135423 20230523124323 20230818113222 20230914180801 20231027141322 20231114161723 20231117164230 20240115144230 '
    '20240214120130 20240306115329 20240314092811 20240427152123 20240612123726 20240729123726 20240802193726 20240806073726 '
    '20241009103726 20250717082212 20250731150234 20250804100000 20250901200500 20250903112500 20250904133000 20250925093508 '
    '20251007112900 20251104100000 20251111201300 20251201000000 20260115000000 20260121000000 20260219120000 20260302000000 '
    '20260625000000', ' '));
reset role;
reset search_path;

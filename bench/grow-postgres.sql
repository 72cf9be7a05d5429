-- Adds :n users as years of use leave them: each with an identity, a session with its two amr rows and a refresh token, a verified
-- TOTP factor, a guard and a challenge of the last day. For bench.py (grow): psql -v n=100000 -f grow-postgres.sql URL
-- Their password is bench-password-1 (bcrypt, cost 4); of the secret of their factor nobody makes codes.
begin;
create temp table grown on commit drop as
    select i, gen_random_uuid() as u, gen_random_uuid() as s, gen_random_uuid() as f, now() - random() * interval '365 days' as born
    from generate_series(1, :n) as i;
insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
        email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    select '00000000-0000-0000-0000-000000000000', u, 'authenticated', 'authenticated', 'grown-' || u || '@example.com',
        '$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS', born, '', '', '', '', born,
        '{"provider": "email", "providers": ["email"]}',
        jsonb_build_object('sub', u, 'email', 'grown-' || u || '@example.com', 'email_verified', true, 'phone_verified', false), born, born
    from grown;
insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    select u, u, jsonb_build_object('sub', u, 'email', 'grown-' || u || '@example.com', 'email_verified', true, 'phone_verified', false),
        'email', born, born, born
    from grown;
insert into auth.sessions (id, user_id, created_at, updated_at, factor_id, aal, refreshed_at, user_agent, ip)
    select s, u, born, born, f, 'aal2', born at time zone 'UTC', 'bench', '127.0.0.1' from grown;
insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
    select s, born, born, method, gen_random_uuid() from grown, (values ('password'), ('totp')) as m (method);
insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id)
    select '00000000-0000-0000-0000-000000000000', substr(replace(gen_random_uuid()::text, '-', ''), 1, 12) || i, u, false, born, born, s
    from grown;
insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, last_challenged_at)
    select f, u, 'phone app', 'totp', 'verified', born, born, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        timestamptz '2001-01-01' + (select count(*) from auth.mfa_factors) * interval '1 us' + i * interval '1 us'
    from grown;
insert into auth.mfa_challenges (id, factor_id, created_at, verified_at, ip_address, otp_code)
    select gen_random_uuid(), f, at, at, '127.0.0.1', '' from (select f, now() - random() * interval '23 hours' as at from grown) as c;
insert into countersign.factor_guards (factor_id, last_step, failures, updated_at) select f, 0, 0, born from grown;
commit;
vacuum analyze;

-- People as the official server leaves them, for schema.sql. Their password is bench-password-1 (bcrypt, cost 4); the secret of the TOTP
-- factors is GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ; tokens are told by their names.
set role supabase_auth_admin;
set search_path = auth;
create function person(n int, who text, changes jsonb default '{}') returns void language plpgsql as $$
declare
    ident uuid := '00000000-0000-4000-8000-0000000000' || lpad(n::text, 2, '0');
    born timestamptz := timestamptz '2024-03-05 06:07:08.123456+00' + n * interval '1 day';
    base jsonb := jsonb_build_object('instance_id', '00000000-0000-0000-0000-000000000000', 'id', ident, 'aud', 'authenticated', 'role', 'authenticated',
        'email', who, 'encrypted_password', '$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS',
        'email_confirmed_at', born, 'confirmation_token', '', 'recovery_token', '', 'email_change_token_new', '', 'email_change', '',
        'raw_app_meta_data', '{"provider": "email", "providers": ["email"]}'::jsonb, 'raw_user_meta_data', '{}'::jsonb, 'created_at', born, 'updated_at', born,
        'phone_change', '', 'phone_change_token', '', 'email_change_token_current', '', 'email_change_confirm_status', 0, 'reauthentication_token', '',
        'is_sso_user', false, 'is_anonymous', false) || changes;
    u users;
begin
    u := jsonb_populate_record(null::users, base);
    insert into users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token, recovery_sent_at,
            email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data, raw_user_meta_data, is_super_admin, created_at, updated_at, phone,
            phone_confirmed_at, phone_change, phone_change_token, email_change_token_current, email_change_confirm_status, banned_until,
            reauthentication_token, is_sso_user, deleted_at, is_anonymous)
        values (u.instance_id, u.id, u.aud, u.role, u.email, u.encrypted_password, u.email_confirmed_at, u.confirmation_token, u.recovery_token,
            u.recovery_sent_at, u.email_change_token_new, u.email_change, u.last_sign_in_at, u.raw_app_meta_data, u.raw_user_meta_data, u.is_super_admin,
            u.created_at, u.updated_at, u.phone, u.phone_confirmed_at, u.phone_change, u.phone_change_token, u.email_change_token_current,
            u.email_change_confirm_status, u.banned_until, u.reauthentication_token, u.is_sso_user, u.deleted_at, u.is_anonymous);
    if u.email is not null and u.deleted_at is null and not u.is_sso_user then
        insert into identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at) values (ident::text, ident,
            jsonb_build_object('sub', ident, 'email', u.email, 'email_verified', true, 'phone_verified', false), 'email', born, born, born);
    end if;
end $$;

-- 01: a password alone. 02: never had metadata, and columns that may be NULL are.
select person(1, 'ada@example.com');
select person(2, 'ben@example.com', '{"raw_app_meta_data": null, "raw_user_meta_data": null, "is_super_admin": null}');
-- 03: put in by hand: NULL where the official server cannot read it.
select person(3, 'cid@example.com', '{"confirmation_token": null, "recovery_token": null, "email_change_token_new": null, "email_change": null,
    "email_change_token_current": null, "phone_change": null, "phone_change_token": null, "reauthentication_token": null, "role": null,
    "email_change_confirm_status": null}');
-- 04: a verified TOTP factor, a session of each level, refresh tokens of version 1: a used one and its child.
select person(4, 'dot@example.com', '{"last_sign_in_at": "2026-11-01T10:00:00Z"}');
insert into mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, last_challenged_at) values
    ('00000000-0000-4000-8000-00000000f004', '00000000-0000-4000-8000-000000000004', 'phone app', 'totp', 'verified', '2026-01-02', '2026-01-02', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        '2026-11-01 10:00:01.000001+00'),
    ('00000000-0000-4000-8000-00000000f104', '00000000-0000-4000-8000-000000000004', '', 'totp', 'unverified', now(), now(), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', null);
insert into sessions (id, user_id, created_at, updated_at, factor_id, aal, refreshed_at, user_agent, ip) values
    ('00000000-0000-4000-8000-00000000a004', '00000000-0000-4000-8000-000000000004', '2026-11-01', '2026-11-01', null, 'aal1', null, null, null),
    ('00000000-0000-4000-8000-00000000a104', '00000000-0000-4000-8000-000000000004', '2026-11-01', '2026-11-02', '00000000-0000-4000-8000-00000000f004', 'aal2', '2026-11-02',
        'Mozilla/5.0', '203.0.113.7');
insert into mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
    select ('00000000-0000-4000-8000-00000000' || s)::uuid, '2026-11-01', '2026-11-01', m, gen_random_uuid()
    from (values ('a004', 'password'), ('a104', 'password'), ('a104', 'totp')) as t (s, m);
insert into refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id) values
    ('00000000-0000-0000-0000-000000000000', 'dotoldtoken0', '00000000-0000-4000-8000-000000000004', true, '2026-11-01', '2026-11-02', null, '00000000-0000-4000-8000-00000000a104'),
    ('00000000-0000-0000-0000-000000000000', 'dotnewtoken0', '00000000-0000-4000-8000-000000000004', false, '2026-11-02', '2026-11-02', 'dotoldtoken0', '00000000-0000-4000-8000-00000000a104'),
    ('00000000-0000-0000-0000-000000000000', 'dotlowtoken0', '00000000-0000-4000-8000-000000000004', false, '2026-11-01', '2026-11-01', null, '00000000-0000-4000-8000-00000000a004');
-- 05: asked for a new password by mail (the digits are 123456): the hash stands in both places.
select person(5, 'eve@example.com', jsonb_build_object('recovery_token', '34d575e4e27d65808bc7483024c8ff3eb81e49326e759248e57b2742', 'recovery_sent_at', now()));
insert into one_time_tokens (id, user_id, token_type, token_hash, relates_to, created_at, updated_at) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000005', 'recovery_token', '34d575e4e27d65808bc7483024c8ff3eb81e49326e759248e57b2742', 'eve@example.com', now() at time zone 'UTC', now() at time zone 'UTC');
-- 06: deleted softly. 07: came by SSO with an address that 01 has too. 08: anonymous, with a session. 09: banned.
select person(6, 'Zm9yZ290dGVuIGFkZHJlc3M', '{"encrypted_password": null, "deleted_at": "2026-10-10T10:10:10Z", "phone": "Zm9yZ290dGVuIHA"}');
select person(7, 'ada@example.com', '{"is_sso_user": true, "encrypted_password": "", "raw_app_meta_data": {"provider": "sso:00000000-0000-4000-8000-000000005500", "providers": ["sso:00000000-0000-4000-8000-000000005500"]}}');
insert into identities (provider_id, user_id, identity_data, provider, created_at, updated_at) values
    ('ada', '00000000-0000-4000-8000-000000000007', '{"sub": "ada", "email": "ada@example.com", "iss": "https://idp.example.com"}', 'sso:00000000-0000-4000-8000-000000005500', now(), now());
select person(8, null, '{"is_anonymous": true, "email_confirmed_at": null, "encrypted_password": "", "raw_app_meta_data": {}}');
insert into sessions (id, user_id, created_at, updated_at, aal) values ('00000000-0000-4000-8000-00000000a008', '00000000-0000-4000-8000-000000000008', now(), now(), 'aal1');
insert into mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id) values
    ('00000000-0000-4000-8000-00000000a008', now(), now(), 'anonymous', gen_random_uuid());
insert into refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id) values
    ('00000000-0000-0000-0000-000000000000', 'anontoken000', '00000000-0000-4000-8000-000000000008', false, now(), now(), '00000000-0000-4000-8000-00000000a008');
select person(9, 'ike@example.com', '{"banned_until": "2099-01-01T00:00:00Z"}');
-- 10: by phone, with a phone factor, and no e-mail address.
select person(10, null, '{"email_confirmed_at": null, "phone": "15550100", "phone_confirmed_at": "2024-01-01T00:00:00Z", "raw_app_meta_data": {"provider": "phone", "providers": ["phone"]}}');
insert into identities (provider_id, user_id, identity_data, provider, created_at, updated_at) values
    ('00000000-0000-4000-8000-000000000010', '00000000-0000-4000-8000-000000000010', '{"sub": "00000000-0000-4000-8000-000000000010", "phone": "15550100", "email_verified": false, "phone_verified": true}', 'phone', now(), now());
insert into mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone) values
    ('00000000-0000-4000-8000-00000000f010', '00000000-0000-4000-8000-000000000010', 'my phone', 'phone', 'verified', '2026-01-02', '2026-01-02', '', '15550100');
drop function person;
reset role;
reset search_path;

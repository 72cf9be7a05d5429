"""What must hold for every row of the schema that Countersign shares with the official server (internals.md 11.1): a row that
breaks one of these is one that the other server cannot read, or reads wrongly. broken(postgres, database) says which rules are broken."""

NIL = "'00000000-0000-0000-0000-000000000000'"
NEVER_NULL = {
    "users": "instance_id aud role confirmation_token recovery_token email_change_token_new email_change_token_current email_change phone_change phone_change_token "
             "reauthentication_token email_change_confirm_status created_at updated_at",
    "identities": "created_at updated_at", "sessions": "created_at updated_at", "refresh_tokens": "instance_id token user_id revoked created_at updated_at",
    "mfa_factors": "friendly_name secret", "mfa_challenges": "otp_code", "flow_state": "provider_access_token provider_refresh_token created_at updated_at",
    "audit_log_entries": "instance_id payload created_at"}
NEVER_EMPTY = {"users": "email phone", "mfa_factors": "phone", "refresh_tokens": "parent"}
TIMES = {"one_time_tokens": "created_at updated_at", "sessions": "refreshed_at"}        # without a zone: UTC
TOKENS = "auth.one_time_tokens t join auth.users u on u.id = t.user_id where "
COLUMN = """case t.token_type when 'confirmation_token' then u.confirmation_token when 'recovery_token' then u.recovery_token
    when 'reauthentication_token' then u.reauthentication_token when 'email_change_token_new' then u.email_change_token_new
    when 'email_change_token_current' then u.email_change_token_current when 'phone_change_token' then u.phone_change_token end"""
BREAKING = {
    "an e-mail address that is not lower case": "auth.users where deleted_at is null and email <> lower(email)",
    "a phone number that is not bare digits": "auth.users where deleted_at is null and phone !~ '^[0-9]+$'",
    "a phone factor's number that is not bare digits": "auth.mfa_factors where phone !~ '^[0-9]+$'",
    "a number for a factor that is no phone": "auth.mfa_factors where factor_type <> 'phone' and phone is not null",
    "an identity by e-mail or phone whose provider_id is not the user": "auth.identities i join auth.users u on u.id = i.user_id where u.deleted_at is null and provider in ('email', 'phone') and provider_id <> user_id::text",
    "an identity without sub": "auth.identities i join auth.users u on u.id = i.user_id where u.deleted_at is null and coalesce(identity_data ->> 'sub', '') = ''",
    "relates_to that is not lower case": "auth.one_time_tokens where relates_to <> lower(relates_to)",
    # the official server looks up codes of a change of e-mail address in one_time_tokens, all other codes in the user's row, where 56 digits are their hash
    "a code of a change of address that its user's row does not hold": TOKENS + "t.token_type::text like 'email_change%' and t.token_hash <> " + COLUMN,
    "a link that is the hash of its code": TOKENS + "t.token_type::text not like 'email_change%' and t.token_hash = " + COLUMN,
    "a link that is no secret of 56 digits": TOKENS + "t.token_hash !~ '^(pkce_)?[0-9a-f]{56}$'",
    "a code that is not in the official form": TOKENS + COLUMN + " !~ '^((pkce_)?[0-9a-f]{56})?$'",
    "a link in a PKCE flow whose code is not, or the other way round": TOKENS + COLUMN + " <> '' and (t.token_hash like 'pkce%') <> (" + COLUMN + " like 'pkce%')",
    "a refresh token of no session or of another user's": "auth.refresh_tokens r left join auth.sessions s on s.id = r.session_id where s.id is null or s.user_id::text <> r.user_id",
    "a session with a level above what its amr says": """auth.sessions s where s.aal = 'aal2' and (select count(*) from auth.mfa_amr_claims a where a.session_id = s.id) < 2""",
    "a session without amr": "auth.sessions s where not exists (select 1 from auth.mfa_amr_claims a where a.session_id = s.id)",
    "a soft-deleted user who can be known": """auth.users where deleted_at is not null and (email like '%@%' or coalesce(encrypted_password, '') <> '' or raw_user_meta_data <> '{}'
        or confirmation_token || recovery_token || email_change_token_new || email_change_token_current || reauthentication_token || phone_change_token <> '')""",
    "a session or a factor of a soft-deleted user": "auth.users u where deleted_at is not null and (exists (select 1 from auth.sessions s where s.user_id = u.id) or exists (select 1 from auth.mfa_factors f where f.user_id = u.id))",
    "an update before the creation": "auth.users where updated_at < created_at",
    "metadata that is no object": "auth.users where jsonb_typeof(raw_app_meta_data) not in ('object') or jsonb_typeof(raw_user_meta_data) not in ('object')",
    "an audit row without its action": "auth.audit_log_entries where coalesce(payload ->> 'action', '') = '' or coalesce(payload ->> 'log_type', '') = '' or payload ->> 'actor_id' is null",
}


def rules():
    """(what is wrong, the rest of SELECT count(*) FROM …) of each."""
    for table, columns in NEVER_NULL.items():
        for c in columns.split():
            yield "%s.%s is NULL" % (table, c), "auth.%s where %s is null" % (table, c)
    for table, columns in NEVER_EMPTY.items():
        for c in columns.split():
            yield "%s.%s is empty, not NULL" % (table, c), "auth.%s where %s = ''" % (table, c)
    for table, columns in TIMES.items():
        for c in columns.split():
            yield "%s.%s is not UTC" % (table, c), "auth.%s where abs(extract(epoch from (now() at time zone 'UTC') - %s)) > 9000" % (table, c)
    for table in ("users", "refresh_tokens", "audit_log_entries"):
        yield "%s.instance_id is not nil" % table, "auth.%s where instance_id <> %s" % (table, NIL)
    yield from BREAKING.items()


def broken(postgres, database):
    """[(what, how many rows)] of the rules that rows break."""
    all_rules = list(rules())
    text = " union all ".join("select %d, count(*) from %s" % (n, rest) for n, (_, rest) in enumerate(all_rules))
    return [(all_rules[int(n)][0], int(count)) for n, count in postgres.sql(text, database) if int(count)]

/* migrate_postgres.c: see migrate_postgres.h. Only one process at a time goes through here: the
 * advisory lock ends with the transaction. */
#include "store/migrate_postgres.h"

#include "store/migrations.h"

#include <string.h>

/* What this server reads and writes of the official tables and what not every one of their shapes
 * has; where one of these lacks, the official server's migrations are too old. */
#define NEEDED                                                                                     \
    "('users', 'is_anonymous'), ('users', 'deleted_at'), ('users', 'is_sso_user'), "               \
    "('users', 'phone_change'), ('users', 'reauthentication_sent_at'), "                           \
    "('users', 'email_change_confirm_status'), ('identities', 'provider_id'), "                    \
    "('identities', 'email'), ('sessions', 'not_after'), ('sessions', 'refreshed_at'), "           \
    "('sessions', 'user_agent'), ('sessions', 'ip'), ('sessions', 'tag'), "                        \
    "('refresh_tokens', 'session_id'), ('refresh_tokens', 'parent'), ('mfa_factors', 'phone'), "   \
    "('mfa_factors', 'last_challenged_at'), ('mfa_factors', 'web_authn_credential'), "             \
    "('mfa_challenges', 'otp_code'), ('mfa_challenges', 'web_authn_session_data'), "               \
    "('mfa_amr_claims', 'id'), ('one_time_tokens', 'relates_to'), "                                \
    "('flow_state', 'auth_code_issued_at'), ('audit_log_entries', 'ip_address')"

/* What it can do without until that migration was taken, and its enum db_lack. */
#define LATER                                                                                      \
    "('sessions', 'refresh_token_hmac_key', '20251007112900', 1), "                                \
    "('sessions', 'refresh_token_counter', '20251007112900', 1), "                                 \
    "('mfa_factors', 'last_webauthn_challenge_data', '20250925093508', 2)"
_Static_assert(DB_LACKS_COUNTERS == 1 && DB_LACKS_WEBAUTHN_DATA == 2, "see LATER");

#define ABSENT                                                                                     \
    "not exists (select 1 from pg_attribute a where a.attname = t.item and "                       \
    "a.attrelid = to_regclass('auth.' || t.name) and not a.attisdropped)"

static const char *one_text(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    const char *text = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return text;
}

bool migrate_postgres_has_version(struct tx *tx)
{
    DB_SQL(sql, "select 1 from pg_tables where schemaname = 'countersign' and "
                "tablename = 'schema_version'"); /* also without a right to the schema */
    return one_text(tx, &sql) != NULL;
}

bool migrate_postgres_has_official(struct tx *tx)
{
    DB_SQL(sql, "select 1 from pg_tables where schemaname = 'auth' and "
                "tablename = 'schema_migrations'");
    return one_text(tx, &sql) != NULL;
}

void migrate_postgres_find_lacks(struct tx *tx)
{
    DB_SQL(sql, "select coalesce(bit_or(t.lack), 0)::bigint from (values " LATER ") "
                "t (name, item, since, lack) where " ABSENT);
    struct rows *r = db_query(tx, &sql);
    int64_t lacks = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    db_set_lacks(tx->db, (unsigned)lacks);
}

/* A database of the official server, or of this one. */
static bool check_shape(struct tx *tx, const char **error)
{
    DB_SQL(newest, "select max(version)::text from auth.schema_migrations");
    DB_SQL(lacking, "select t.name || '.' || t.item from (values " NEEDED ") t (name, item) "
                    "where " ABSENT " union all "
                    "select t.name || '.' || t.item from (values " LATER ") t (name, item, since, "
                    "lack) where " ABSENT " and exists (select 1 from auth.schema_migrations m "
                    "where m.version = t.since) limit 1");
    const char *version = one_text(tx, &newest);
    if (version && strcmp(version, OFFICIAL_NEWEST) > 0) {
        *error = arena_printf(tx->ctx->arena,
                              "the schema auth of the database is at the official server's "
                              "migration %s, and this program knows them up to %s: start a newer "
                              "Countersign; nothing was changed",
                              version, OFFICIAL_NEWEST);
        return false;
    }
    const char *missing = one_text(tx, &lacking);
    if (missing) {
        *error = arena_printf(tx->ctx->arena,
                              "the schema auth of the database has no auth.%s; it is at the "
                              "official server's migration %s: bring it to %s with that server "
                              "first; nothing was changed",
                              missing, version ? version : "(none)", OFFICIAL_NEWEST);
        return false;
    }
    return true;
}

/* Rows that row-level security hides would only look as if nobody had an account. */
static bool check_rights(struct tx *tx, const char **error)
{
    DB_SQL(sql, "select case when not (has_table_privilege('auth.users', 'SELECT') and "
                "has_table_privilege('auth.users', 'INSERT') and "
                "has_table_privilege('auth.users', 'UPDATE') and "
                "has_table_privilege('auth.users', 'DELETE')) then 'may not read and write' "
                "when row_security_active('auth.users') then 'is kept by row-level security from' "
                "end");
    const char *wrong = one_text(tx, &sql);
    if (wrong) {
        *error = arena_printf(tx->ctx->arena,
                              "the role of DATABASE_URL %s auth.users: use the role that owns the "
                              "schema auth (in Supabase supabase_auth_admin), or grant it all "
                              "tables and BYPASSRLS; nothing was changed",
                              wrong);
    }
    return !wrong;
}

/* What a superuser must run before this role can make the schema, or tables in it; NULL: nothing.
 * Supabase's own role may not create schemas. */
static const char *grant_needed(struct tx *tx, const char *schema)
{
    DB_SQL(sql, "select case when to_regnamespace($1) is null then case when not "
                "has_database_privilege(current_database(), 'CREATE') then format('GRANT CREATE ON "
                "DATABASE %I TO %I', current_database(), current_user) end when not "
                "has_schema_privilege($1, 'CREATE') or not has_schema_privilege($1, 'USAGE') then "
                "format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', $1, current_user) end");
    struct rows *r = db_query(tx, &sql, V_TEXT(schema));
    const char *grant = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return grant;
}

static bool may_make(struct tx *tx, const char *schema, const char **error)
{
    const char *grant = grant_needed(tx, schema);
    if (grant) {
        *error =
            arena_printf(tx->ctx->arena,
                         "the role of DATABASE_URL may not make %s in the database: let a "
                         "superuser run there\n  %s;\nand start again; nothing was changed",
                         strcmp(schema, "auth") == 0 ? "the schema auth"
                                                     : "the schema countersign or tables in it",
                         grant);
    }
    return !grant;
}

static bool make_auth(struct tx *tx, const char **error)
{
    const char *why = "";
    if (!may_make(tx, "auth", error)) {
        return false;
    }
    if (db_script(tx->db, tx->ctx->arena, migrations_auth_postgres, &why)) {
        return true;
    }
    *error = arena_printf(tx->ctx->arena,
                          "the schema auth could not be made: %s: let the role of DATABASE_URL "
                          "create it, or own it; nothing was changed",
                          why);
    return false;
}

/* IF NOT EXISTS would ask for the right to create schemas also where there is one. */
static bool make_own(struct tx *tx, const char **error)
{
    const char *why = "";
    if (!may_make(tx, "countersign", error)) {
        return false;
    }
    if (db_script(tx->db, tx->ctx->arena,
                  "DO $$ BEGIN IF to_regnamespace('countersign') IS NULL THEN "
                  "CREATE SCHEMA countersign; END IF; END $$;"
                  "CREATE TABLE countersign.schema_version (version integer PRIMARY KEY, "
                  "name text NOT NULL, applied_at bigint NOT NULL)",
                  &why)) {
        return true;
    }
    *error = arena_printf(tx->ctx->arena,
                          "the schema countersign could not be made: %s: let the role of "
                          "DATABASE_URL create schemas in this database; nothing was changed",
                          why);
    return false;
}

bool migrate_postgres_prepare(struct tx *tx, const char **error)
{
    DB_SQL(lock, "select pg_advisory_xact_lock(7526466502997534311)");
    DB_SQL(users, "select 1 from pg_tables where schemaname = 'auth' and tablename = 'users'");
    db_run(tx, &lock);
    bool has_users = one_text(tx, &users) != NULL;
    bool has_versions = migrate_postgres_has_official(tx);
    if (tx->status != DB_OK) {
        return true;
    }
    if (has_users != has_versions) {
        *error = arena_printf(tx->ctx->arena,
                              "the database has a schema auth of an unknown kind (%s): use another "
                              "database; nothing was changed",
                              has_users ? "auth.users without auth.schema_migrations"
                                        : "auth.schema_migrations without auth.users");
        return false;
    }
    bool good =
        has_users ? check_shape(tx, error) && check_rights(tx, error) : make_auth(tx, error);
    if (good) {
        migrate_postgres_find_lacks(tx);
    }
    return good && (tx->status != DB_OK || migrate_postgres_has_version(tx) || make_own(tx, error));
}

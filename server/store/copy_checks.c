/* copy_checks.c: what must be true of both databases before anything is copied, see copy.h. */
#include "base/strbuf.h"
#include "store/copy.h"
#include "store/copy_tables.h"
#include "store/facts.h"

#include <string.h>
#include <unistd.h>

enum { WAITS = 20, WAIT_US = 150 * 1000, LIST_MAX = 4096 };

static const char *one_text(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    const char *text = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return text;
}

/* A process that was killed a moment ago may still be listed. */
bool copy_check_alone(struct tx *tx, const char *side, const char **error)
{
    DB_SQL(sql, "select count(*) from pg_stat_activity where datname = current_database() and "
                "application_name = 'countersign' and pid <> pg_backend_pid()");
    int64_t others = 1;
    for (int i = 0; db_is_postgres(tx->db) && others && i < WAITS && tx->status == DB_OK; i++) {
        if (i) {
            usleep(WAIT_US);
        }
        struct rows *r = db_query(tx, &sql);
        others = rows_next(r) ? rows_int(r, 0) : 0;
        rows_end(r);
    }
    if (db_is_postgres(tx->db) && others) {
        *error = arena_printf(tx->ctx->arena,
                              "%lld connections of Countersign are open to the %s: stop its "
                              "servers first; nothing was copied",
                              (long long)others, side);
        return false;
    }
    return true;
}

/* Names of tables for which test (SQL with %s for the name as a literal) is true. */
static const char *tables_where(struct tx *tx, const char *test)
{
    struct arena *arena = tx->ctx->arena;
    struct strbuf b = strbuf_in(arena, LIST_MAX * 2);
    struct sql *sql = ARENA_NEW(arena, struct sql);
    strbuf_str(&b, "select string_agg(t.name, ', ') from (values ");
    for (int i = 0; i < copy_tables_count; i++) {
        const char *at = copy_tables[i].table;
        strbuf_printf(&b, "%s('%s.%s')", i ? ", " : "", at[1] == '@' ? "countersign" : "auth",
                      copy_tables[i].name);
    }
    strbuf_printf(&b, ") t (name) where %s", test);
    sql->text = b.data;
    return one_text(tx, sql);
}

/* Rows that a policy hides would just be missing, so the role must see all. */
static bool check_rights(struct tx *tx, bool writes, const char *side, const char **error)
{
    if (!db_is_postgres(tx->db)) {
        return true;
    }
    const char *closed =
        tables_where(tx, writes ? "not has_table_privilege(t.name, 'SELECT') or not "
                                  "has_table_privilege(t.name, 'INSERT')"
                                : "not has_table_privilege(t.name, 'SELECT')");
    const char *hidden =
        closed || tx->status != DB_OK ? NULL : tables_where(tx, "row_security_active(t.name)");
    if (closed || hidden) {
        *error =
            arena_printf(tx->ctx->arena, "the role of the %s may not %s %s: %s; nothing was copied",
                         side, writes ? "write" : "read", closed ? closed : hidden,
                         closed ? "grant it that, or use the role that owns them"
                                : "row-level security hides their rows from it; use the role "
                                  "that owns them, or one with BYPASSRLS");
        return false;
    }
    return true;
}

static int64_t count_of(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    int64_t n = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return n;
}

/* Older schemas of the official server do not have all of its tables. */
static bool has_table(struct tx *tx, const char *name)
{
    DB_SQL(there, "select 1 where to_regclass($1) is not null");
    struct rows *r = db_query(tx, &there, V_TEXT(arena_printf(tx->ctx->arena, "auth.%s", name)));
    bool has = rows_next(r);
    rows_end(r);
    return has;
}

/* What only the official server has and SQLite has no tables for. */
static const char *left_by_official(struct tx *tx)
{
    static const struct {
        const char *table, *what, *where;
    } kinds[] = {
        { "sessions", " of OAuth clients", " where to_jsonb(t) ->> 'oauth_client_id' is not null" },
        { "webauthn_credentials", "", "" },
        { "sso_providers", "", "" },
        { "oauth_clients", "", "" },
    };
    struct arena *arena = tx->ctx->arena;
    struct strbuf b = strbuf_in(arena, LIST_MAX);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sql *sql = ARENA_NEW(arena, struct sql);
        sql->text =
            arena_printf(arena, "select count(*) from @%s t%s", kinds[i].table, kinds[i].where);
        int64_t n = has_table(tx, kinds[i].table) ? count_of(tx, sql) : 0;
        if (n) {
            strbuf_printf(&b, "%s%lld of auth.%s%s", b.len ? ", " : "", (long long)n,
                          kinds[i].table, kinds[i].what);
        }
    }
    return b.len ? b.data : NULL;
}

/* What an older target has no columns for and is only shown. */
static const char *left_by_older(struct tx *tx, const struct copy_job *job)
{
    DB_SQL(data,
           "select count(*) from @mfa_factors where last_webauthn_challenge_data is not null");
    int64_t n = db_lacks(job->to) & DB_LACKS_WEBAUTHN_DATA ? count_of(tx, &data) : 0;
    return n ? arena_printf(tx->ctx->arena, "last_webauthn_challenge_data of %lld factors",
                            (long long)n)
             : NULL;
}

/* A session whose tokens the target cannot know would be a login lost without a word. */
static bool check_counters(struct tx *tx, const struct copy_job *job, const char **error)
{
    DB_SQL(counters, "select count(*) from @sessions where refresh_token_hmac_key is not null");
    int64_t n = db_lacks(job->to) & DB_LACKS_COUNTERS ? count_of(tx, &counters) : 0;
    if (n) {
        *error = arena_printf(tx->ctx->arena,
                              "%lld sessions of the source use refresh tokens of version 2, and "
                              "the target has the schema of an older official server, with no "
                              "place for them: these logins would be lost; bring the target to "
                              "that server's newest migration first; nothing was copied",
                              (long long)n);
    }
    return !n;
}

bool copy_check_source(struct tx *tx, struct copy_job *job, const char **error)
{
    if (!check_rights(tx, false, "source", error) || !copy_check_alone(tx, "source", error)) {
        return false;
    }
    if (tx->status == DB_OK && copy_unfinished(tx)) {
        *error = "the source is itself the target of a copy that was not finished: finish that one "
                 "first; nothing was copied";
        return false;
    }
    if (tx->status == DB_OK && !check_counters(tx, job, error)) {
        return false;
    }
    const char *key = fact_get(tx, "encryption_key");
    const char *left = db_is_postgres(tx->db) ? left_by_official(tx) : left_by_older(tx, job);
    job->key = arena_strdup(job->arena, key);
    job->left = arena_strdup(job->arena, left);
    return true;
}

/* The first table with rows in it. */
static const char *first_filled(struct tx *tx)
{
    for (int i = 0; i < copy_tables_count; i++) {
        struct copy_statements *s = ARENA_NEW(tx->ctx->arena, struct copy_statements);
        copy_statements_make(tx->ctx->arena, &copy_tables[i], false, false, s);
        struct rows *r = db_query(tx, &s->any);
        bool filled = rows_next(r) && rows_int(r, 0) > 0;
        rows_end(r);
        if (filled) {
            return copy_tables[i].name;
        }
    }
    return NULL;
}

bool copy_check_target(struct tx *tx, struct copy_job *job, const char **error)
{
    if (!check_rights(tx, true, "target", error) || !copy_check_alone(tx, "target", error)) {
        return false;
    }
    const char *key = fact_get(tx, "encryption_key");
    if (key && (!job->key || strcmp(key, job->key) != 0)) {
        *error = arena_printf(
            tx->ctx->arena,
            "the target was made with another encryption key (%.12s) than %s (%.12s): a server on "
            "it could not read the factors; take a new target, with the source's key file or "
            "GOTRUE_SECURITY_DB_ENCRYPTION_* settings; nothing was copied",
            key, "the source", job->key ? job->key : "none");
        return false;
    }
    const char *filled = copy_unfinished(tx) ? NULL : first_filled(tx);
    if (filled) {
        *error = arena_printf(tx->ctx->arena,
                              "the target is not empty: there are rows in its table %s; take a new "
                              "database; nothing was copied",
                              filled);
        return false;
    }
    return true;
}

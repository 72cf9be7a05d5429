/* migrate.c: the steps from one schema to the next, see migrate.h. Each runs in a transaction that
 * looks at the version again, so two servers that start at once do not both take it. */
#include "store/migrate.h"

#include "base/log.h"
#include "store/migrate_postgres.h"
#include "store/migrations.h"
#include "store/needed_keys.h"

#include <string.h>

int migrate_newest(void)
{
    return migrations_count;
}

static const char *reason(enum db_status status)
{
    switch (status) {
    case DB_BUSY:
        return "it is locked by another program";
    case DB_FULL:
        return "there is no room left on the disk";
    default:
        return "it cannot be written to (see the log)";
    }
}

/* The version of the database as the open transaction sees it. */
static int read_version(struct tx *tx)
{
    DB_SQL(table, "CREATE TABLE IF NOT EXISTS @@schema_version ("
                  "version integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)");
    DB_SQL(newest, "SELECT max(version) FROM @@schema_version");
    if (!db_is_postgres(tx->db)) { /* there migrate_postgres.c has made it */
        db_exec(tx, &table);
    }
    struct rows *rows = db_query(tx, &newest);
    int version = rows_next(rows) ? (int)rows_int(rows, 0) : 0;
    rows_end(rows);
    return version;
}

static void write_version(struct tx *tx, const struct migration *step)
{
    DB_SQL(insert, "INSERT INTO @@schema_version (version, name, applied_at) VALUES ($1, $2, $3)");
    db_exec(tx, &insert, V_INT(step->version), V_TEXT(step->name), V_INT(tx->ctx->now_us));
}

/* Older programs refuse a newer schema, and no step leads back. */
static void say_step(int from, int version, int n, const struct migration *step)
{
    if (from > 0) { /* not of a new database */
        log_write(LOG_WARN,
                  "the schema is changed, and only a backup from before leads back "
                  "(COUNTERSIGN_MIGRATE=false: the start refuses instead)",
                  LOG_INT("from", version), LOG_INT("to", n), LOG_STR("step", step->name));
    }
}

/* Takes the next step, if there is one (*taken), inside the open transaction. *from: the version
 * that was found first; -1: not yet. */
static bool take_step(struct tx *tx, const struct migration *list, int n, int *from,
                      const struct migration **taken, const char **error)
{
    *taken = NULL;
    if (db_is_postgres(tx->db) && !migrate_postgres_prepare(tx, error)) {
        return false;
    }
    int version = read_version(tx);
    *from = *from < 0 ? version : *from;
    if (tx->status == DB_OK && version == n && list == migrations) {
        *error = needed_keys_missing(tx);
        return !*error;
    }
    if (tx->status != DB_OK || version == n) {
        return true;
    }
    if (version > n) {
        *error = arena_printf(tx->ctx->arena,
                              "the database has schema %d, but this program knows only %d: start a "
                              "newer program; nothing was changed",
                              version, n);
        return false;
    }
    const struct migration *step = &list[version];
    const char *script = db_is_postgres(tx->db) ? step->postgres : step->sqlite;
    const char *why = "there is no script for this kind of database";
    say_step(*from, version, n, step);
    if (!script || !db_script(tx->db, tx->ctx->arena, script, &why)) {
        *error = arena_printf(tx->ctx->arena, "schema step %d (%s) failed: %s; nothing was changed",
                              step->version, step->name, why);
        return false;
    }
    write_version(tx, step);
    *taken = step;
    return true;
}

bool migrate_with(struct db *db, struct arena *arena, const struct migration *list, int n,
                  const char **error)
{
    struct clock clock = clock_system();
    struct ctx ctx = { .arena = arena, .now_us = clock_now_us(&clock) };
    const struct migration *taken = NULL;
    int from = -1;
    do {
        struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_WRITE };
        tx.status = db_begin(db, TX_WRITE);
        bool good = tx.status != DB_OK || take_step(&tx, list, n, &from, &taken, error);
        if (good && tx.status == DB_OK) {
            tx.status = db_commit(db);
        }
        if (!good || tx.status != DB_OK) {
            db_rollback(db);
        }
        if (tx.status != DB_OK) {
            *error = arena_printf(arena, "the database could not be brought to this schema: %s",
                                  reason(tx.status));
        }
        if (!good || tx.status != DB_OK) {
            return false;
        }
    } while (taken);
    return true;
}

bool migrate(struct db *db, struct arena *arena, const char **error)
{
    return migrate_with(db, arena, migrations, migrations_count, error);
}

static bool has_rows(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    bool found = rows_next(r) && !rows_null(r, 0);
    rows_end(r);
    return found;
}

bool migrate_look(struct db *db, struct arena *arena, struct schema_found *out, const char **error)
{
    DB_SQL(file, "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'");
    DB_SQL(newest, "SELECT max(version) FROM @@schema_version");
    DB_SQL(official, "SELECT max(version)::text FROM auth.schema_migrations");
    struct ctx ctx = { .arena = arena };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    bool postgres = db_is_postgres(db);
    *out = (struct schema_found){ 0 };
    tx.status = db_begin(db, TX_READ);
    if (postgres ? migrate_postgres_has_version(&tx) : has_rows(&tx, &file)) {
        struct rows *r = db_query(&tx, &newest);
        out->version = rows_next(r) ? (int)rows_int(r, 0) : 0;
        rows_end(r);
    }
    out->auth = postgres && migrate_postgres_has_official(&tx);
    if (out->auth) {
        struct rows *r = db_query(&tx, &official);
        out->official = rows_next(r) ? rows_text(r, 0) : NULL;
        rows_end(r);
        migrate_postgres_find_lacks(&tx);
        out->lacks = db_lacks(db);
    }
    enum db_status status = tx.status;
    db_rollback(db);
    if (status != DB_OK) {
        *error = "the database cannot be read (the log above says why): let the role of the URL "
                 "read the schemas auth and countersign, or use the role that made them";
    }
    return status == DB_OK;
}

const char *migrate_advice(struct arena *arena, const struct schema_found *found)
{
    if (!found->lacks) {
        return NULL;
    }
    bool no_counters = found->lacks & DB_LACKS_COUNTERS;
    bool no_data = found->lacks & DB_LACKS_WEBAUTHN_DATA;
    return arena_printf(arena,
                        "the schema auth is at the official server's migration %s and has no "
                        "place for %s%s%s: bring it to %s with that server, then restart "
                        "Countersign",
                        found->official ? found->official : "(none)",
                        no_counters ? "refresh tokens of version 2 (those of version 1 are used, "
                                      "whatever the settings say)"
                                    : "",
                        no_counters && no_data ? " and " : "",
                        no_data ? "the last answers of WebAuthn keys (they are not kept)" : "",
                        OFFICIAL_NEWEST);
}

bool migrate_not_needed(struct db *db, struct arena *arena, const char **error)
{
    struct schema_found found;
    if (!migrate_look(db, arena, &found, error)) {
        return false;
    }
    if (found.version < migrate_newest()) {
        *error = arena_printf(arena,
                              "the schema of the database is at step %d and this program needs "
                              "step %d: run \"countersign migrate\" first, or leave it to the "
                              "server with COUNTERSIGN_MIGRATE=true",
                              found.version, migrate_newest());
        return false;
    }
    return migrate(db, arena, error); /* looks for what is newer or alien; there is nothing to do */
}

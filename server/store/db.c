/* db.c: the calls of db.h, each handed to the engine of its connection. Here alone it is decided
 * that a failure sticks to its transaction. No SQL, no library. */
#include "store/db.h"

#include "store/db_engine.h"
#include "store/ghosts.h"

#include <string.h>

/* The rows of every query that failed; never written to. */
static struct rows no_rows;

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

const char *db_file(const char *url)
{
    const char *path = after(url, "sqlite://"); /* sqlite:///var/lib/x is /var/lib/x */
    if (!path) {
        path = after(url, "sqlite:");
    }
    if (path) {
        return path;
    }
    return strstr(url, "://") ? NULL : url;
}

bool db_url_is_postgres(const char *url)
{
    return after(url, "postgres://") || after(url, "postgresql://");
}

bool db_is_postgres(const struct db *db)
{
    return db->engine->postgres;
}

unsigned db_lacks(const struct db *db)
{
    return db->lacks;
}

void db_set_lacks(struct db *db, unsigned lacks)
{
    db->lacks = lacks;
}

bool db_alive(const struct db *db)
{
    return !db->engine->alive || db->engine->alive(db);
}

void db_cancel(struct db *db)
{
    if (db->engine->cancel) {
        db->engine->cancel(db);
    }
}

int64_t db_trips(const struct db *db)
{
    return db->engine->trips ? db->engine->trips(db) : 0;
}

struct db *db_connect(struct arena *arena, const char *url, unsigned flags, const char **error)
{
    if (db_url_is_postgres(url)) {
        return db_postgres_connect(arena, url, flags, error);
    }
    const char *path = db_file(url);
    if (!path) { /* the URL may hold a password: not shown */
        *error = "the database URL is of an unknown kind: use sqlite:PATH or postgres://…";
        return NULL;
    }
    return db_sqlite_connect(arena, path, flags, error);
}

void db_close(struct db **db)
{
    if (db && *db) {
        (*db)->engine->close(*db);
        *db = NULL;
    }
}

enum db_status db_begin(struct db *db, enum tx_mode mode)
{
    return db->engine->begin(db, mode);
}

enum db_status db_commit(struct db *db)
{
    return db->engine->commit(db);
}

void db_rollback(struct db *db)
{
    db->engine->rollback(db);
}

enum db_status db_savepoint(struct db *db)
{
    return db->engine->mark(db);
}

enum db_status db_savepoint_release(struct db *db)
{
    return db->engine->savepoint_release(db);
}

enum db_status db_savepoint_rollback(struct db *db)
{
    return db->engine->savepoint_rollback(db);
}

bool db_script(struct db *db, struct arena *arena, const char *script, const char **error)
{
    return db->engine->script(db, arena, script, error);
}

bool db_check(struct db *db, void (*say)(void *arg, const char *finding), void *arg)
{
    return db->engine->check(db, say, arg);
}

int db_checkpoint(struct db *db, bool hard)
{
    return db->engine->checkpoint(db, hard);
}

int db_log_pages(const struct db *db)
{
    return db->engine->log_pages(db);
}

int64_t db_exec_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n)
{
    if (tx->status != DB_OK) {
        return 0;
    }
    if (tx->ghost) {
        ghost_write(tx, values, n);
        return tx->status == DB_OK ? 1 : 0;
    }
    int64_t changed = 0;
    tx->ctx->writes++;
    tx->status = tx->db->engine->exec(tx->db, sql, values, n, &changed);
    return tx->status == DB_OK ? changed : 0;
}

void db_run_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n)
{
    if (tx->status != DB_OK || (!sql->text && !tx->db->engine->postgres)) {
        return;
    }
    if (tx->ghost) {
        ghost_write(tx, values, n);
    } else {
        tx->ctx->writes++;
        tx->status = tx->db->engine->exec(tx->db, sql, values, n, NULL);
    }
}

void db_prefetch_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n)
{
    if (tx->status == DB_OK && tx->db->engine->prefetch) {
        tx->db->engine->prefetch(tx->db, sql, values, n);
    }
}

void db_last(struct tx *tx)
{
    if (tx->status == DB_OK && tx->db->engine->last && !tx->provisional) {
        tx->db->engine->last(tx->db);
    }
}

struct rows *db_query_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n)
{
    if (tx->status != DB_OK) {
        return &no_rows;
    }
    struct rows *rows = NULL;
    tx->ctx->reads++;
    tx->status = tx->db->engine->query(tx->db, sql, values, n, &rows);
    if (tx->status != DB_OK) {
        return &no_rows;
    }
    rows->tx = tx;
    return rows;
}

bool rows_next(struct rows *rows)
{
    if (!rows->engine || rows->tx->status != DB_OK) {
        return false;
    }
    bool has_row = false;
    rows->tx->status = rows->engine->next(rows, &has_row);
    return rows->tx->status == DB_OK && has_row;
}

void rows_end(struct rows *rows)
{
    if (rows->engine) {
        rows->engine->end(rows);
    }
}

bool rows_null(struct rows *rows, int column)
{
    return !rows->engine || rows->engine->null(rows, column);
}

int64_t rows_int(struct rows *rows, int column)
{
    return rows->engine ? rows->engine->integer(rows, column) : 0;
}

int64_t rows_time(struct rows *rows, int column)
{
    return rows_int(rows, column);
}

const char *rows_text(struct rows *rows, int column)
{
    return rows->engine ? rows->engine->text(rows, column, rows->tx->ctx->arena) : NULL;
}

struct uuid rows_id(struct rows *rows, int column)
{
    return rows->engine ? rows->engine->id(rows, column) : uuid_nil;
}

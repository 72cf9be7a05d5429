/* db_postgres.c: connections and transactions of the PostgreSQL engine, see db_postgres.h. A read
 * transaction sends no BEGIN: each of its statements sees what is committed when it runs, which is
 * what READ COMMITTED gives inside of a transaction too. BEGIN goes with the first statement of a
 * write, COMMIT with its last. No state of a session is relied on, so a pooler that gives each
 * transaction another server may stand between (then without prepared statements). */
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Of a connection of our own; a pooler accepts none of these. */
#define SESSION                                                                                    \
    "-c statement_timeout=10s -c lock_timeout=8s -c idle_in_transaction_session_timeout=30s "      \
    "-c timezone=UTC"

static void pg_close(struct db *base)
{
    struct pg_db *db = (struct pg_db *)base;
    pg_end_rows(db);
    db->dead = true;
    pg_lost(db, "");
    pg_forget_answers(db);
    PQfreeCancel(db->cancel);
    PQfinish(db->conn);
    pg_free_statements(db);
    free(db);
}

static void pg_cancel(struct db *base)
{
    char error[256];
    const struct pg_db *db = (const struct pg_db *)base;
    if (db->cancel && !PQcancel(db->cancel, error, sizeof error)) {
        log_write(LOG_WARN, "a statement could not be cancelled", LOG_STR("error", &error[0]));
    }
}

/* --- transactions --- */

static enum db_status pg_begin(struct db *base, enum tx_mode mode)
{
    struct pg_db *db = (struct pg_db *)base;
    if (db->dead) {
        return DB_IO;
    }
    db->failed = DB_OK;
    db->writing = db->begin_due = mode == TX_WRITE;
    db->open = db->commit_sent = db->commit_due = false;
    pg_forget_answers(db);
    return DB_OK;
}

static enum db_status finish(struct pg_db *db, enum db_status status)
{
    pg_end_rows(db);
    pg_forget_answers(db);
    if (status == DB_OK) {
        db->writing = db->open = db->begin_due = false;
    }
    return status;
}

static enum db_status pg_commit(struct db *base)
{
    struct pg_db *db = (struct pg_db *)base;
    if (db->open && !db->commit_sent && !db->commit_due && db->failed == DB_OK) {
        pg_send_commit(db);
    }
    return finish(db, pg_collect(db));
}

static void pg_rollback(struct db *base)
{
    struct pg_db *db = (struct pg_db *)base;
    db->commit_due = false;
    if (!db->dead) {
        pg_collect(db);
    }
    pg_end_rows(db);
    pg_forget_answers(db);
    if (db->open && !db->dead) {
        db->failed = DB_OK;
        db->commit_sent = false;
        pg_send_word(db, "ROLLBACK");
        pg_collect(db);
    }
    db->writing = db->open = db->begin_due = false;
}

static enum db_status say(struct pg_db *db, const char *word)
{
    DB_SQL(nothing, "SELECT 1");
    if (db->begin_due) {
        pg_send(db, &nothing, NULL, 0, NULL, NULL); /* brings BEGIN along */
    }
    enum db_status status = db->failed == DB_OK ? pg_send_word(db, word) : db->failed;
    return status == DB_OK ? pg_collect(db) : status;
}

static void pg_last(struct db *base)
{
    struct pg_db *db = (struct pg_db *)base;
    db->commit_due = db->open;
}

static enum db_status pg_savepoint(struct db *base)
{
    return say((struct pg_db *)base, "SAVEPOINT mark");
}

static enum db_status pg_savepoint_release(struct db *base)
{
    pg_end_rows((struct pg_db *)base);
    return say((struct pg_db *)base, "RELEASE SAVEPOINT mark");
}

static enum db_status pg_savepoint_rollback(struct db *base)
{
    struct pg_db *db = (struct pg_db *)base;
    if (!db->dead) {
        pg_collect(db);
    }
    pg_end_rows(db);
    if (db->dead) {
        return DB_IO;
    }
    db->failed = DB_OK;
    pg_forget_answers(db);
    enum db_status status = say(db, "ROLLBACK TO SAVEPOINT mark");
    return status == DB_OK ? say(db, "RELEASE SAVEPOINT mark") : status;
}

/* --- scripts and upkeep --- */

/* Scripts of many statements need the simple protocol, which the pipeline does not have. */
static bool pg_script(struct db *base, struct arena *arena, const char *script, const char **error)
{
    struct pg_db *db = (struct pg_db *)base;
    DB_SQL(nothing, "SELECT 1");
    pg_send(db, &nothing, NULL, 0, NULL, NULL); /* brings BEGIN along */
    if (pg_collect(db) != DB_OK || !PQexitPipelineMode(db->conn)) {
        *error = arena_strdup(arena, PQerrorMessage(db->conn));
        return false;
    }
    char *text = db_sql_text(script, "auth.", "countersign.");
    PGresult *result = PQexec(db->conn, text);
    free(text);
    bool good =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good) {
        const char *what = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        *error = arena_strdup(arena, what ? what : PQerrorMessage(db->conn));
    }
    PQclear(result);
    if (!PQenterPipelineMode(db->conn)) {
        pg_lost(db, PQerrorMessage(db->conn));
        return false;
    }
    return good;
}

/* Whether its files are sound is the server's own business; that it answers is all we can say. */
static bool pg_check(struct db *base, void (*to)(void *arg, const char *finding), void *arg)
{
    struct pg_db *db = (struct pg_db *)base;
    DB_SQL(nothing, "SELECT count(*) FROM @users WHERE id IS NULL");
    pg_begin(base, TX_READ);
    pg_send(db, &nothing, NULL, 0, NULL, NULL);
    if (pg_commit(base) == DB_OK) {
        return true;
    }
    to(arg, "the database does not answer, or has no table auth.users (see the log)");
    return false;
}

static int pg_checkpoint(struct db *base, bool hard)
{
    (void)base;
    (void)hard;
    return 0;
}

static int pg_log_pages(const struct db *base)
{
    (void)base;
    return 0;
}

static bool pg_alive(const struct db *base)
{
    return !((const struct pg_db *)base)->dead;
}

static int64_t pg_trips(const struct db *base)
{
    return ((const struct pg_db *)base)->trips;
}

static const struct db_engine engine = {
    .postgres = true,
    .close = pg_close,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .mark = pg_savepoint,
    .savepoint_release = pg_savepoint_release,
    .savepoint_rollback = pg_savepoint_rollback,
    .exec = pg_exec,
    .query = pg_query,
    .prefetch = pg_prefetch,
    .last = pg_last,
    .next = pg_next,
    .end = pg_end,
    .null = pg_null,
    .integer = pg_integer,
    .text = pg_text,
    .id = pg_id,
    .script = pg_script,
    .check = pg_check,
    .checkpoint = pg_checkpoint,
    .log_pages = pg_log_pages,
    .alive = pg_alive,
    .trips = pg_trips,
    .cancel = pg_cancel,
};

/* --- connections --- */

/* What libpq says, on one line and with what to do. */
static const char *why_not(struct arena *arena, PGconn *conn)
{
    char *text = arena_strdup(arena, PQerrorMessage(conn));
    for (char *p = text; *p; p++) {
        *p = *p == '\n' ? ' ' : *p;
    }
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ') {
        text[--length] = '\0';
    }
    const char *hint =
        strstr(text, "invalid integer value") ? "the port in DATABASE_URL is no number"
        : strstr(text, "authentication")      ? "check user and password in DATABASE_URL"
        : strstr(text, "read-only")      ? "this is a standby: name the primary in DATABASE_URL"
        : strstr(text, "does not exist") ? "create it, or check the name in DATABASE_URL"
                                         : "check DATABASE_URL and that the server runs";
    return arena_printf(arena, "cannot connect to the database: %s: %s", text, hint);
}

static PGconn *open_connection(struct arena *arena, const char *url, unsigned flags,
                               const char **error)
{
    const char *plain, *settings;
    if (!pg_url_split(arena, url, &plain, &settings) || !pg_url_valid(plain)) {
        *error = "DATABASE_URL is no valid URL: use postgres://USER:PASSWORD@HOST:PORT/DATABASE, "
                 "with special characters written as %XX";
        return NULL;
    }
    bool own = !(flags & DB_UNPREPARED) && !pg_url_names(plain, "options");
    const char *options = own ? arena_printf(arena, "%s%s", SESSION, settings) : "";
    /* what stands before dbname is overridden by the URL */
    const char *names[] = { "connect_timeout",
                            "application_name",
                            "client_encoding",
                            "keepalives_idle",
                            "keepalives_interval",
                            "keepalives_count",
                            "tcp_user_timeout",
                            "target_session_attrs",
                            own ? "options" : "dbname",
                            own ? "dbname" : NULL,
                            NULL };
    const char *values[] = { "5",
                             "countersign",
                             "UTF8",
                             "30",
                             "10",
                             "3",
                             "15000",
                             flags & DB_READ_ONLY ? "any" : "read-write",
                             own ? options : plain,
                             own ? plain : NULL,
                             NULL };
    PGconn *conn = PQconnectdbParams(names, values, 1);
    if (!conn) {
        log_die("out of memory");
    }
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    bool fits = !encoding || strcmp(encoding, "UTF8") == 0;
    if (PQstatus(conn) == CONNECTION_OK && fits && PQenterPipelineMode(conn)) {
        return conn;
    }
    *error = fits
                 ? why_not(arena, conn)
                 : arena_printf(arena,
                                "the database is encoded in %s, which cannot hold every name: make "
                                "one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
                                encoding);
    PQfinish(conn);
    return NULL;
}

/* Notices are for people at a terminal. */
static void no_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

struct db *db_postgres_connect(struct arena *arena, const char *url, unsigned flags,
                               const char **error)
{
    PGconn *conn = open_connection(arena, url, flags, error);
    if (!conn) {
        return NULL;
    }
    PQsetNoticeReceiver(conn, no_notice, NULL);
    struct pg_db *db = calloc(1, sizeof *db);
    if (!db) {
        log_die("out of memory");
    }
    db->base.engine = &engine;
    db->conn = conn;
    db->cancel = PQgetCancel(conn);
    db->keeps_statements = !(flags & DB_UNPREPARED);
    return &db->base;
}

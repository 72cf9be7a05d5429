/* db_postgres_pipeline.c: statements to the server and their answers back. Statements are queued
 * in libpq's pipeline mode and waited for together: a round trip each time a result is needed, not
 * each statement. A statement is prepared once a connection, in the same round trip as its first
 * use. See db_postgres.h. */
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A server that answers nothing for so long is taken for gone (its own statement_timeout is
 * shorter, see db_postgres.c). */
#define SILENCE_US (15 * US_PER_S)

/* --- failures --- */

static bool in_class(const char *state, const char *class)
{
    return strncmp(state, class, strlen(class)) == 0;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

/* Is the table of the violated constraint one of ours or of the schema that we share? The
 * application's own tables hang on ours by triggers and foreign keys. */
static bool in_known_table(const PGresult *result)
{
    const char *schema = field(result, PG_DIAG_SCHEMA_NAME);
    return strcmp(schema, "auth") == 0 || strcmp(schema, "countersign") == 0;
}

/* Plans and statements that the server forgot or that no longer fit: all are prepared anew. */
static bool forgot_statements(const char *state, const PGresult *result)
{
    return in_class(state, "26000") || in_class(state, "42P05") ||
           (in_class(state, "0A000") &&
            strcmp(field(result, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0);
}

/* What is not named here is the application's trigger, check or foreign key, a right that is
 * missing, a table that is not there: no retry helps, and it is no outage. */
enum db_status pg_status_of(struct pg_db *db, const char *state, const PGresult *result)
{
    if (in_class(state, "23505") || in_class(state, "23503")) {
        return in_known_table(result) ? DB_CONFLICT : DB_REFUSED;
    }
    if (in_class(state, "40001") || in_class(state, "40P01")) {
        return DB_RETRY;
    }
    if (in_class(state, "55P03") || in_class(state, "57014")) {
        return DB_BUSY;
    }
    if (in_class(state, "53100") || in_class(state, "53200")) {
        return DB_FULL;
    }
    if (in_class(state, "22021") || in_class(state, "22P05")) {
        return DB_VALUE;
    }
    bool lost = in_class(state, "57P") || in_class(state, "08") || in_class(state, "25P03");
    if (lost || forgot_statements(state, result)) {
        db->dead = true;
        return db->commit_sent ? DB_IO : DB_RETRY;
    }
    /* A standby, or a primary that became one: another connection may find the new primary. */
    if (in_class(state, "25006")) {
        db->dead = true;
        return DB_IO;
    }
    return in_class(state, "53") ? DB_IO : DB_REFUSED;
}

static void log_failure(struct pg_db *db, enum db_status status, const char *state,
                        const PGresult *result, const char *doing)
{
    int64_t now = clock_steady_us();
    const char *constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    const char *what = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (strcmp(state, db->last_state) == 0 && now - db->last_logged_us < US_PER_S) {
        return;
    }
    snprintf(db->last_state, sizeof db->last_state, "%.5s", state);
    db->last_logged_us = now;
    const char *advice = in_class(state, "42P10")
                             ? "a unique key is missing, as after a restore that "
                               "broke off: `countersign check-db` says which"
                             : "";
    bool usual = status == DB_CONFLICT || status == DB_RETRY;
    log_write(usual ? LOG_INFO : LOG_ERROR, "the database failed", LOG_STR("sqlstate", state),
              LOG_STR("what", *what ? what : PQresultErrorMessage(result)),
              LOG_STR("table", field(result, PG_DIAG_TABLE_NAME)),
              LOG_STR("constraint", constraint), LOG_STR("doing", doing),
              LOG_STR("advice", advice));
}

enum db_status pg_lost(struct pg_db *db, const char *why)
{
    if (!db->dead) {
        log_write(LOG_WARN, "the connection to the database was lost", LOG_STR("what", why));
    }
    db->dead = true;
    db->n_sent = 0;
    for (int i = 0; i < PG_ANSWERS; i++) {
        db->answers[i].waited_for = false;
    }
    if (db->failed == DB_OK) {
        db->failed = db->commit_sent ? DB_IO : DB_RETRY;
    }
    return db->failed;
}

/* --- statements --- */

static int params_in(const char *text)
{
    int most = 0;
    for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
        int n = (int)strtol(p + 1, NULL, 10);
        most = n > most ? n : most;
    }
    return most;
}

static struct pg_statement *statement_of(struct pg_db *db, struct sql *sql)
{
    int slot = db_slot(sql);
    if (slot >= db->slots) {
        int slots = slot + 64;
        struct pg_statement **grown = realloc(db->by_slot, sizeof *grown * (size_t)slots);
        if (!grown) {
            log_die("out of memory");
        }
        memset(grown + db->slots, 0, sizeof *grown * (size_t)(slots - db->slots));
        db->by_slot = grown;
        db->slots = slots;
    }
    struct pg_statement *s = db->by_slot[slot];
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) {
            log_die("out of memory");
        }
        s->text = db_sql_text(sql->postgres ? sql->postgres : sql->text, "auth.", "countersign.");
        s->params = params_in(s->text);
        snprintf(s->name, sizeof s->name, "cs_%d", slot);
        db->by_slot[slot] = s;
    }
    return s;
}

void pg_free_statements(struct pg_db *db)
{
    for (int i = 0; i < db->slots; i++) {
        if (db->by_slot[i]) {
            free(db->by_slot[i]->text);
            free(db->by_slot[i]);
        }
    }
    free(db->by_slot);
}

/* --- sending --- */

static void note(struct pg_db *db, struct pg_sent sent)
{
    db->sent[db->n_sent++] = sent;
}

static enum db_status sending_failed(struct pg_db *db)
{
    return pg_lost(db, PQerrorMessage(db->conn));
}

enum db_status pg_send_word(struct pg_db *db, const char *word)
{
    if (!PQsendQueryParams(db->conn, word, 0, NULL, NULL, NULL, NULL, 1)) {
        return sending_failed(db);
    }
    note(db, (struct pg_sent){ .doing = word });
    return DB_OK;
}

struct bound {
    int n;
    Oid types[PG_PARAMS];
    const char *bytes[PG_PARAMS];
    int lengths[PG_PARAMS], formats[PG_PARAMS];
    char room[PG_PARAMS][16];
};

/* A statement with a text of its own for this engine may use fewer values than it is given. */
static bool bind(struct bound *b, const struct pg_statement *s, const struct sql *sql,
                 const struct db_value *values, int n)
{
    if (n < s->params || s->params > PG_PARAMS || (n > s->params && !sql->postgres)) {
        log_write(LOG_ERROR, "wrong number of values", LOG_STR("doing", s->text),
                  LOG_INT("given", n), LOG_INT("needed", s->params));
        return false;
    }
    b->n = s->params;
    for (int i = 0; i < b->n; i++) {
        struct pg_param p = pg_param_of(&values[i], b->room[i]);
        b->types[i] = p.type;
        b->bytes[i] = p.bytes;
        b->lengths[i] = p.length;
        b->formats[i] = p.format;
    }
    return true;
}

static bool send_prepared(struct pg_db *db, struct pg_statement *s, const struct bound *b)
{
    if (s->known == PG_UNKNOWN) {
        if (!PQsendPrepare(db->conn, s->name, s->text, b->n, b->types)) {
            return false;
        }
        s->known = PG_SENT_TO_SERVER;
        note(db, (struct pg_sent){ .doing = s->text, .prepares = s });
    }
    return PQsendQueryPrepared(db->conn, s->name, b->n, b->bytes, b->lengths, b->formats, 1) != 0;
}

enum db_status pg_send(struct pg_db *db, struct sql *sql, const struct db_value *values, int n,
                       struct pg_answer *answer, int64_t *changed)
{
    struct bound b;
    if (db->failed != DB_OK) {
        return db->failed;
    }
    if (db->n_sent > PG_SENT - 4 && pg_collect(db) != DB_OK) {
        return db->failed;
    }
    struct pg_statement *s = statement_of(db, sql);
    if (!bind(&b, s, sql, values, n)) {
        return db->failed = DB_IO;
    }
    if (db->begin_due) {
        DB_SQL(begin, "BEGIN ISOLATION LEVEL READ COMMITTED");
        db->begin_due = false;
        db->open = true;
        if (pg_send(db, &begin, NULL, 0, NULL, NULL) != DB_OK) {
            return db->failed;
        }
    }
    bool sent = db->keeps_statements ? send_prepared(db, s, &b)
                                     : PQsendQueryParams(db->conn, s->text, b.n, b.types, b.bytes,
                                                         b.lengths, b.formats, 1) != 0;
    if (!sent) {
        return sending_failed(db);
    }
    note(db, (struct pg_sent){ .doing = s->text, .answer = answer, .changed = changed });
    if (answer) {
        answer->waited_for = true;
    }
    return DB_OK;
}

void pg_send_commit(struct pg_db *db)
{
    DB_SQL(commit, "COMMIT");
    pg_send(db, &commit, NULL, 0, NULL, NULL);
    db->commit_sent = true;
}

/* --- collecting --- */

/* The next result, NULL at the end of a statement's; *lost if none comes any more. */
static PGresult *wait_result(struct pg_db *db, bool *lost)
{
    int64_t until = clock_steady_us() + SILENCE_US;
    *lost = false;
    while (PQisBusy(db->conn)) {
        struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };
        int64_t left = until - clock_steady_us();
        int ready = left > 0 ? poll(&fd, 1, (int)(left / 1000) + 1) : 0;
        if (ready == 0 || (ready < 0 && errno != EINTR) ||
            (ready > 0 && !PQconsumeInput(db->conn))) {
            *lost = true;
            return NULL;
        }
    }
    return PQgetResult(db->conn);
}

/* What a failed result means; those that follow it in the same pipeline were not even tried. */
static void take_failure(struct pg_db *db, PGresult *result, const struct pg_sent *sent)
{
    const char *state = field(result, PG_DIAG_SQLSTATE);
    state = *state ? state : "08006";
    enum db_status status = pg_status_of(db, state, result);
    log_failure(db, status, state, result, sent->doing);
    if (db->failed == DB_OK) {
        db->failed = status;
    }
}

/* Keeps or drops one result. */
static void take_result(struct pg_db *db, PGresult *result, struct pg_sent *sent)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        break;
    case PGRES_PIPELINE_ABORTED:
        PQclear(result);
        return;
    default:
        take_failure(db, result, sent);
        PQclear(result);
        return;
    }
    if (sent->prepares) {
        sent->prepares->known = PG_PREPARED;
        sent->prepares = NULL;
    }
    if (sent->changed) {
        *sent->changed = strtoll(PQcmdTuples(result), NULL, 10);
    }
    if (sent->answer) {
        sent->answer->result = result;
        return;
    }
    if (db->commit_sent && strcmp(PQcmdStatus(result), "ROLLBACK") == 0 && db->failed == DB_OK) {
        db->failed = DB_IO; /* COMMIT of a transaction that had failed */
    }
    PQclear(result);
}

static enum db_status collect_one(struct pg_db *db, struct pg_sent *sent)
{
    bool lost;
    for (;;) {
        PGresult *result = wait_result(db, &lost);
        if (lost || PQstatus(db->conn) == CONNECTION_BAD) {
            if (result) {
                take_result(db, result, sent);
            }
            return pg_lost(db, PQerrorMessage(db->conn));
        }
        if (!result) {
            break;
        }
        take_result(db, result, sent);
    }
    if (sent->prepares) { /* refused, or not tried */
        sent->prepares->known = PG_UNKNOWN;
    }
    if (sent->answer) {
        sent->answer->waited_for = false;
    }
    return DB_OK;
}

enum db_status pg_collect(struct pg_db *db)
{
    bool lost;
    if (db->n_sent == 0 || db->dead) {
        return db->failed;
    }
    if (db->commit_due) {
        db->commit_due = false;
        pg_send_commit(db);
    }
    db->trips++;
    if (!PQpipelineSync(db->conn)) {
        return pg_lost(db, PQerrorMessage(db->conn));
    }
    for (int i = 0; i < db->n_sent; i++) {
        if (collect_one(db, &db->sent[i]) != DB_OK) {
            return db->failed;
        }
    }
    db->n_sent = 0;
    PGresult *sync = wait_result(db, &lost);
    bool good = !lost && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    return good ? db->failed : pg_lost(db, PQerrorMessage(db->conn));
}

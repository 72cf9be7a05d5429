/* db_postgres.h: what the files of the PostgreSQL engine share: db_postgres.c (connections,
 * transactions), db_postgres_pipeline.c (sending statements and collecting what they answer) and
 * db_postgres_rows.c (values in and out). They alone know libpq. */
#ifndef COUNTERSIGN_STORE_DB_POSTGRES_H
#define COUNTERSIGN_STORE_DB_POSTGRES_H

#include "store/db_engine.h"

#include <libpq-fe.h>

enum {
    PG_PARAMS = 64,  /* of a statement */
    PG_ROWS = 8,     /* queries under way at once */
    PG_ANSWERS = 16, /* results kept at once */
    PG_KEY = 96,     /* bytes of a query's values up to which its result is kept */
    PG_SENT = 64,    /* statements sent and not yet collected */
    PG_NAME = 16,    /* of a prepared statement */
};

enum pg_known { PG_UNKNOWN, PG_SENT_TO_SERVER, PG_PREPARED };

/* A statement as this connection knows it; kept by the number of its struct sql. */
struct pg_statement {
    char *text;          /* with the names of tables filled in; NULL: not used yet */
    int params;          /* the highest $N in it */
    enum pg_known known; /* to the server */
    char name[PG_NAME];
};

/* The result of a query. Until the transaction writes, the same query is not asked again: what was
 * asked ahead (db_prefetch) or before answers it. */
struct pg_answer {
    PGresult *result; /* NULL: not collected yet, or failed */
    int readers;      /* rows that read it */
    bool waited_for;  /* its statement is among those sent */
    bool kept;        /* answers the same query again */
    int slot, key_length;
    char key[PG_KEY];
};

struct pg_rows {
    struct rows base; /* engine is NULL while it is free */
    struct pg_db *db;
    struct pg_answer *answer;
    int row; /* the present one, from -1 */
};

/* What the next result on the connection belongs to. */
struct pg_sent {
    const char *doing;             /* the statement's text, for the log */
    struct pg_statement *prepares; /* not NULL: the answer to its preparation */
    struct pg_answer *answer;      /* not NULL: gets the result */
    int64_t *changed;              /* not NULL: gets the number of rows */
};

struct pg_db {
    struct db base;
    PGconn *conn;
    PGcancel *cancel;      /* used by another thread: what libpq allows there */
    bool keeps_statements; /* false behind a pooler that gives each transaction another server */
    bool writing;          /* a write transaction is under way */
    bool begin_due;        /* its BEGIN is not sent yet: it goes with the first statement */
    bool open;             /* its BEGIN was sent */
    bool commit_sent;      /* from here on nobody can know how a lost connection left it */
    bool dead;             /* the connection is of no use any more */
    enum db_status failed; /* the first failure since the transaction began; sticks */
    struct pg_statement **by_slot;
    int slots;
    struct pg_sent sent[PG_SENT];
    int n_sent;
    struct pg_rows rows[PG_ROWS];
    struct pg_answer answers[PG_ANSWERS];
    bool commit_due;    /* COMMIT goes with the next wait: db_last */
    int64_t trips;      /* how often this connection waited for the server */
    char last_state[6]; /* last failure logged: the same one not more than once a second */
    int64_t last_logged_us;
};

/* --- db_postgres_pipeline.c --- */

/* Queues a statement; nothing is waited for unless the queue is full. */
enum db_status pg_send(struct pg_db *db, struct sql *sql, const struct db_value *values, int n,
                       struct pg_answer *answer, int64_t *changed);

/* Queues a word such as BEGIN, without values. */
enum db_status pg_send_word(struct pg_db *db, const char *word);

void pg_send_commit(struct pg_db *db);

/* Waits for the answers to all that is queued: one round trip. */
enum db_status pg_collect(struct pg_db *db);

/* Notes that the connection is lost; what was under way may run again if nothing was committed. */
enum db_status pg_lost(struct pg_db *db, const char *why);

enum db_status pg_status_of(struct pg_db *db, const char *state, const PGresult *result);
void pg_free_statements(struct pg_db *db);

/* --- db_postgres_rows.c --- */

/* One value as a parameter: type, bytes, length and format. room: 16 bytes that live as long as
 * the call of libpq. */
struct pg_param {
    Oid type;
    const char *bytes; /* NULL: NULL */
    int length, format;
};
struct pg_param pg_param_of(const struct db_value *value, char room[16]);

enum db_status pg_exec(struct db *db, struct sql *sql, const struct db_value *values, int n,
                       int64_t *changed);
enum db_status pg_query(struct db *db, struct sql *sql, const struct db_value *values, int n,
                        struct rows **out);
enum db_status pg_next(struct rows *rows, bool *has_row);
void pg_end(struct rows *rows);
bool pg_null(struct rows *rows, int column);
int64_t pg_integer(struct rows *rows, int column);
const char *pg_text(struct rows *rows, int column, struct arena *arena);
struct uuid pg_id(struct rows *rows, int column);
void pg_end_rows(struct pg_db *db);
void pg_prefetch(struct db *db, struct sql *sql, const struct db_value *values, int n);

/* After a write, and between transactions: no result answers another query any more. */
void pg_forget_answers(struct pg_db *db);

/* --- db_postgres_json.c --- */

/* jsonb as the server prints it, in our form; never NULL. */
const char *pg_json_text(struct arena *arena, const char *text, size_t length);

/* --- db_postgres_url.c --- */

/* *plain: the URL without what libpq does not know; *settings: that, as " -c name=value"s. */
bool pg_url_split(struct arena *arena, const char *url, const char **plain, const char **settings);
bool pg_url_names(const char *url, const char *keyword); /* does it give that one a value? */
bool pg_url_valid(const char *url);

#endif

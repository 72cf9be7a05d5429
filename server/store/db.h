/* db.h: the narrow interface to a storage engine. SQL is written once, with $1 parameters numbered
 * in the order in which they first appear. "@name" stands for a table of the schema shared with
 * the official server, "@@name" for one of our own (SQLite: both without a prefix; PostgreSQL:
 * auth.name, countersign.name). Values cross as ids of 16 bytes, times in microseconds since 1970
 * (0 is NULL), integers, booleans, text and JSON text.
 *
 * Errors stick to the transaction: after the first failed statement (disk full, database away,
 * serialisation failure) all others do nothing and find no rows, and whoever ran the transaction
 * rolls it back and answers or retries. So the code between need not check each statement. */
#ifndef COUNTERSIGN_STORE_DB_H
#define COUNTERSIGN_STORE_DB_H

#include "base/ctx.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum db_status {
    DB_OK,
    DB_CONFLICT, /* a unique or foreign key was violated */
    DB_RETRY,    /* the same transaction may succeed when run again */
    DB_BUSY,     /* locked by somebody else for too long */
    DB_FULL,     /* no room on the disk */
    DB_VALUE,    /* a value that the database's encoding cannot hold */
    DB_REFUSED,  /* a trigger, a check, a right or a missing table: it would say no again */
    DB_IO,       /* away, broken, or anything else */
};

enum db_kind { DB_NULL, DB_INT, DB_BOOL, DB_TEXT, DB_JSON, DB_ID, DB_TIME };

struct db_value {
    enum db_kind kind;
    int64_t number;
    const char *text;
    const struct uuid *id;
};

#define V_INT(n) ((struct db_value){ .kind = DB_INT, .number = (int64_t)(n) })
#define V_BOOL(b) ((struct db_value){ .kind = DB_BOOL, .number = (b) ? 1 : 0 })
#define V_TEXT(t) ((struct db_value){ .kind = DB_TEXT, .text = (t) })     /* NULL pointer: NULL */
#define V_JSON(t) ((struct db_value){ .kind = DB_JSON, .text = (t) })     /* NULL pointer: NULL */
#define V_ID(i) ((struct db_value){ .kind = DB_ID, .id = (i) })           /* NULL pointer: NULL */
#define V_TIME(us) ((struct db_value){ .kind = DB_TIME, .number = (us) }) /* 0: NULL */

/* A statement: text for both engines, or another text for one of them where a measurement or the
 * engine's own words call for it. Define with DB_SQL, at file scope or in a function. */
struct sql {
    const char *text;     /* NULL: SQLite needs no such statement (db_run alone) */
    const char *postgres; /* NULL: the same text */
    _Atomic int slot;     /* of the prepared statement; given by the engine at first use */
};

#define DB_SQL(name, sql_text) static struct sql name = { .text = (sql_text) }
#define DB_SQL2(name, sqlite_text, postgres_text)                                                  \
    static struct sql name = { .text = (sqlite_text), .postgres = (postgres_text) }

enum tx_mode { TX_READ, TX_WRITE };

struct db; /* one connection; used by one thread at a time */

/* A transaction under way. */
struct tx {
    struct ctx *ctx;
    struct db *db;
    enum tx_mode mode;
    enum db_status status; /* sticky */
    bool keep;             /* commit although the answer is a problem: tx_commit_on_error() */
    bool ghost;            /* writes are about nobody: see store/ghosts.h */
    int ghost_slot, ghost_writes;
    bool provisional; /* a success may still be rolled back: nothing is committed along */
    bool openly; /* asked for by anybody, after the pause of the address: domain/enumeration.h */
    bool owners_too;     /* so, and by owners of accounts and others alike */
    struct uuid subject; /* so: stands for the address */
};

/* Commit what was written although the function returns a problem (a counted failed attempt, a
 * session ended by the reuse of its refresh token). */
static inline void tx_commit_on_error(struct tx *tx)
{
    tx->keep = true;
}

struct rows; /* of a query under way */

/* db_exec(tx, sql, values...) and db_query(tx, sql, values...), with any number of values, also
 * none: ISO C has no empty array, so one more value stands at the end and is not counted. */
#define DB_FIRST_(sql, ...) (sql)
#define DB_REST_(sql, ...) __VA_ARGS__
#define DB_LIST_(...) ((const struct db_value[]){ DB_REST_(__VA_ARGS__) })
#define DB_COUNT_(...) ((int)(sizeof(DB_LIST_(__VA_ARGS__)) / sizeof(struct db_value)) - 1)
#define DB_END_ ((struct db_value){ .kind = DB_NULL })
#define db_exec(tx, ...)                                                                           \
    db_exec_values((tx), DB_FIRST_(__VA_ARGS__, DB_END_), DB_LIST_(__VA_ARGS__, DB_END_),          \
                   DB_COUNT_(__VA_ARGS__, DB_END_))
#define db_run(tx, ...)                                                                            \
    db_run_values((tx), DB_FIRST_(__VA_ARGS__, DB_END_), DB_LIST_(__VA_ARGS__, DB_END_),           \
                  DB_COUNT_(__VA_ARGS__, DB_END_))
#define db_prefetch(tx, ...)                                                                       \
    db_prefetch_values((tx), DB_FIRST_(__VA_ARGS__, DB_END_), DB_LIST_(__VA_ARGS__, DB_END_),      \
                       DB_COUNT_(__VA_ARGS__, DB_END_))
#define db_query(tx, ...)                                                                          \
    db_query_values((tx), DB_FIRST_(__VA_ARGS__, DB_END_), DB_LIST_(__VA_ARGS__, DB_END_),         \
                    DB_COUNT_(__VA_ARGS__, DB_END_))

/* Runs a statement; returns how many rows it changed (0 after a failure). */
int64_t db_exec_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n);

/* The same where nobody asks how many rows: PostgreSQL then need not be waited for, and a failure
 * shows at the next statement that is waited for, at the latest at the commit. */
void db_run_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n);

/* Runs a query (also one that writes, with RETURNING: statements after it see its writes);
 * end it with rows_end. Never NULL. At most 8 may be under way in a transaction; what is still
 * under way when the transaction ends is ended by it. The values need not outlive the call. */
struct rows *db_query_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n);

/* Says that the same query will be asked soon, before the transaction writes again: PostgreSQL
 * answers all that was asked ahead in one round trip. Does nothing on SQLite. */
void db_prefetch_values(struct tx *tx, struct sql *sql, const struct db_value *values, int n);

/* Says that from here on the transaction only reads and will be committed: PostgreSQL then commits
 * in the round trip of the next query. The function must return P_OK (or have called
 * tx_commit_on_error). */
void db_last(struct tx *tx);

bool rows_next(struct rows *rows); /* false at the end or after a failure */
void rows_end(struct rows *rows);

/* Columns of the present row, from 0. Text is copied into the request's arena; NULL for NULL. */
bool rows_null(struct rows *rows, int column);
int64_t rows_int(struct rows *rows, int column);  /* also booleans; NULL is 0 */
int64_t rows_time(struct rows *rows, int column); /* NULL is 0 */
const char *rows_text(struct rows *rows, int column);
struct uuid rows_id(struct rows *rows, int column); /* NULL is the nil UUID */

/* --- connections: for work/ and the migrations alone --- */

enum db_open {
    DB_READ_ONLY = 1,
    DB_CREATE = 2,
    DB_UNPREPARED = 4, /* PostgreSQL: keep no statements, as a pooler stands between */
};

/* Opens a connection to "sqlite:PATH" (or a bare path), or to "postgres://…". NULL on failure, with
 * *error (in the arena) for a person: what is wrong and what to do. */
struct db *db_connect(struct arena *arena, const char *url, unsigned flags, const char **error);
void db_close(struct db **db);

/* From another thread, while it is not closed: asks the server to end the statement under way,
 * which then fails; there may be none any more. */
void db_cancel(struct db *db);

/* The path in the URL if the database is a file, else NULL. */
const char *db_file(const char *url);

bool db_url_is_postgres(const char *url);
bool db_is_postgres(const struct db *db);

/* Columns that older shapes of the official server's schema do not have. migrate() and
 * migrate_look() find that out for their connection; others to the same database are told. */
enum db_lack {
    DB_LACKS_COUNTERS = 1,      /* sessions.refresh_token_hmac_key and refresh_token_counter */
    DB_LACKS_WEBAUTHN_DATA = 2, /* mfa_factors.last_webauthn_challenge_data */
};
unsigned db_lacks(const struct db *db);
void db_set_lacks(struct db *db, unsigned lacks);

/* false: the connection is lost and only fit to be closed. */
bool db_alive(const struct db *db);

/* How often the connection has waited for its server: for measurements. */
int64_t db_trips(const struct db *db);

enum db_status db_begin(struct db *db, enum tx_mode mode);
enum db_status db_commit(struct db *db);
void db_rollback(struct db *db);

/* A mark inside a transaction: undo goes back to it and forgets it, drop only forgets it. Undo
 * fails if the whole transaction is gone, as after some failures of the disk. Marks nest. */
enum db_status db_savepoint(struct db *db);
enum db_status db_savepoint_release(struct db *db);
enum db_status db_savepoint_rollback(struct db *db);

/* Runs a script of several statements (migrations). false: *error says why. */
bool db_script(struct db *db, struct arena *arena, const char *script, const char **error);

/* Is the file sound? Calls say() with each finding; true if there was none. */
bool db_check(struct db *db, void (*say)(void *arg, const char *finding), void *arg);

/* Moves what is in the write-ahead log into the database file; `hard` waits for readers (a second
 * at most) and truncates the log. Returns how many pages are left to be moved; -1 on failure. */
int db_checkpoint(struct db *db, bool hard);

/* Pages in the write-ahead log after this connection's last commit. */
int db_log_pages(const struct db *db);

#endif

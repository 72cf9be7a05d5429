/* db_sqlite.h: what the two files of the SQLite engine share: db_sqlite.c (connections,
 * transactions, upkeep) and db_sqlite_rows.c (statements and rows). They alone know sqlite3.h. */
#ifndef COUNTERSIGN_STORE_DB_SQLITE_H
#define COUNTERSIGN_STORE_DB_SQLITE_H

#include "store/db_engine.h"

#include <sqlite3.h>

enum {
    MAX_PARAMS = 64,
    MAX_ROWS = 8, /* queries under way at once */
};

struct prepared {
    sqlite3_stmt *stmt;
    int params;                         /* how many values it takes */
    unsigned char value_of[MAX_PARAMS]; /* SQLite's parameter to the number in $N, both from 1 */
    bool busy;                          /* a query under way uses it */
};

struct sqlite_rows {
    struct rows base; /* engine is NULL while it is free */
    struct sqlite_db *db;
    struct prepared *prepared;
    bool once;     /* prepared belongs to these rows alone */
    bool prefetch; /* the first step was taken by query() and not yet seen by next() */
    bool at_row;
};

enum word { BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, MARK, MARK_DROP, MARK_UNDO, WORDS };

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
    sqlite3_stmt *words[WORDS];
    struct prepared **by_slot; /* the statements kept, by the number of their struct sql */
    int slots;
    struct sqlite_rows rows[MAX_ROWS];
    int log_pages;
    int last_code; /* last failure logged: the same one not more than once a second */
    int64_t last_logged_us;
};

/* Logs the failure of what was being done, without values, and returns its status. */
enum db_status sqlite_failed(struct sqlite_db *db, int code, const char *doing, bool preparing);

enum db_status sqlite_exec(struct db *base, struct sql *sql, const struct db_value *values, int n,
                           int64_t *changed);
enum db_status sqlite_query(struct db *base, struct sql *sql, const struct db_value *values, int n,
                            struct rows **out);
enum db_status sqlite_next(struct rows *base, bool *has_row);
void sqlite_end(struct rows *base);
bool sqlite_null(struct rows *base, int column);
int64_t sqlite_integer(struct rows *base, int column);
const char *sqlite_text(struct rows *base, int column, struct arena *arena);
struct uuid sqlite_id(struct rows *base, int column);

/* Ends the queries that a transaction left under way. */
void sqlite_end_rows(struct sqlite_db *db);

/* Frees the statements that the connection keeps. */
void sqlite_free_statements(struct sqlite_db *db);

/* How long connections opened from now on wait for a lock; 10 s unless a test says otherwise. */
void sqlite_set_busy_ms(int ms);

#endif

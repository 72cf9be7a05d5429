/* db_engine.h: what a storage engine supplies to db.c, which stands between it and everybody else.
 * Included by db.c and by the engines alone. An engine's own structs begin with struct db and
 * struct rows. Engines return statuses; that a failure sticks to its transaction is db.c's part. */
#ifndef COUNTERSIGN_STORE_DB_ENGINE_H
#define COUNTERSIGN_STORE_DB_ENGINE_H

#include "store/db.h"

struct db {
    const struct db_engine *engine;
    unsigned lacks; /* enum db_lack */
};

struct rows {
    const struct db_engine *engine; /* NULL: the rows of a failed query, of which there are none */
    struct tx *tx;
};

struct db_engine {
    bool postgres; /* a statement's own text for PostgreSQL is used */
    void (*close)(struct db *db);
    enum db_status (*begin)(struct db *db, enum tx_mode mode);
    enum db_status (*commit)(struct db *db);
    void (*rollback)(struct db *db);
    enum db_status (*mark)(struct db *db);
    enum db_status (*savepoint_release)(struct db *db);
    enum db_status (*savepoint_rollback)(struct db *db);

    /* changed: NULL if nobody asks for the number; then a failure may show later, at the next call
     * that waits for the server, at the latest at commit(). */
    enum db_status (*exec)(struct db *db, struct sql *sql, const struct db_value *values, int n,
                           int64_t *changed);
    /* *out is set when DB_OK is returned, and then belongs to the engine until end(). The values
     * need not live longer than this call. */
    enum db_status (*query)(struct db *db, struct sql *sql, const struct db_value *values, int n,
                            struct rows **out);
    void (*prefetch)(struct db *db, struct sql *sql, const struct db_value *values,
                     int n);     /* or NULL */
    void (*last)(struct db *db); /* or NULL */
    enum db_status (*next)(struct rows *rows, bool *has_row);
    void (*end)(struct rows *rows);
    bool (*null)(struct rows *rows, int column);
    int64_t (*integer)(struct rows *rows, int column); /* integers, booleans and times */
    const char *(*text)(struct rows *rows, int column, struct arena *arena);
    struct uuid (*id)(struct rows *rows, int column);

    bool (*script)(struct db *db, struct arena *arena, const char *script, const char **error);
    bool (*check)(struct db *db, void (*say)(void *arg, const char *finding), void *arg);
    int (*checkpoint)(struct db *db, bool hard);
    int (*log_pages)(const struct db *db);
    bool (*alive)(const struct db *db);    /* NULL: always */
    int64_t (*trips)(const struct db *db); /* NULL: none */
    void (*cancel)(struct db *db);         /* NULL: nothing to cancel */
};

struct db *db_sqlite_connect(struct arena *arena, const char *path, unsigned flags,
                             const char **error);

struct db *db_postgres_connect(struct arena *arena, const char *url, unsigned flags,
                               const char **error);

/* The number of a statement, the same for all connections, given at first use; from 1. */
int db_slot(struct sql *sql);

/* Copies the text with "@@name" and "@name" (outside of quotes and comments) replaced by
 * own_prefix + name and shared_prefix + name. The caller frees it. */
char *db_sql_text(const char *text, const char *shared_prefix, const char *own_prefix);

#endif

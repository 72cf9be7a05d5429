/* copy.h: brings all that a server has stored from an SQLite file to PostgreSQL or back, a batch of
 * rows a transaction. The target remembers how far it came, so a copy that was interrupted goes on;
 * until it is done no server starts on that target. For cli/cmd_copy.c, which stops servers from
 * running meanwhile and talks to the person. */
#ifndef COUNTERSIGN_STORE_COPY_H
#define COUNTERSIGN_STORE_COPY_H

#include "store/db.h"

enum { COPY_TABLES = 28 };

struct copy_progress {
    const char *table;
    int64_t done, total;         /* rows of this table */
    int64_t all_done, all_total; /* rows of all tables */
};

struct copy_job {
    struct db *from, *to;
    struct arena *arena;
    void (*show)(void *arg, const struct copy_progress *progress); /* after each batch */
    void *arg;
    /* what came of it */
    bool resumed;
    int64_t resumed_at; /* rows that were there already */
    int64_t rows[COPY_TABLES];
    const char *key;  /* fingerprint of the key that secrets are encrypted with; NULL: not known */
    const char *left; /* tables with rows that the target has no place for, or NULL */
};

/* Both databases have the newest schema. false: *error says what is wrong and what to do. */
bool copy_run(struct copy_job *job, const char **error);

/* Is a copy into this database under way, or was it interrupted? */
bool copy_unfinished(struct tx *tx);

/* --- copy_checks.c --- */

/* What must be true before the first row is copied. Inside transactions of both. */
bool copy_check_source(struct tx *tx, struct copy_job *job, const char **error);
bool copy_check_target(struct tx *tx, struct copy_job *job, const char **error);

/* Do other servers use this database now? For PostgreSQL; SQLite has its lock file. */
bool copy_check_alone(struct tx *tx, const char *side, const char **error);

#endif

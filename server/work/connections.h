/* connections.h: a bounded set of connections to a database server, lent one at a time. While the
 * server is away nobody waits for it: a new connection is tried now and then, with growing pauses,
 * and everybody in between is told at once. A thread of its own closes those that are too old or
 * idle for too long, and measures the server's clock. For exec_postgres.c alone. */
#ifndef COUNTERSIGN_WORK_CONNECTIONS_H
#define COUNTERSIGN_WORK_CONNECTIONS_H

#include "store/db.h"
#include "work/database_clock.h"

struct connections;

struct connections_settings {
    const char *url;
    unsigned flags;
    unsigned lacks;      /* of the schema: db_set_lacks */
    int most;            /* open at once */
    int most_idle;       /* kept while nobody uses them; 0: all */
    int64_t lifetime_us; /* closed when it is older and given back, or idle; 0: never */
    int64_t idle_us;     /* closed when it was idle for so long; 0: never */
    int64_t check_us;    /* how often that is looked at, and the clock measured; 0: 30 s */
};

/* `first` is a connection that was opened elsewhere; `clock` is set by it, and must outlive the
 * set. NULL: `first` did not say what time it is; it is closed. */
struct connections *connections_new(const struct connections_settings *settings, struct db *first,
                                    struct database_clock *clock);

/* A connection, within wait_us. NULL: *problem is P_DATABASE_AWAY, or P_OVERLOADED. */
struct db *connections_take(struct connections *set, struct arena *arena, int64_t wait_us,
                            enum problem *problem);

/* Takes it back, or closes it if it is lost; then the idle ones are closed too, since what lost
 * one has mostly lost all. */
void connections_give(struct connections *set, struct db *db);

/* For a stop: from now on a statement of a transaction that has lasted 5 s is cancelled, as it
 * waits for a row that somebody else holds, most likely. */
void connections_hurry(struct connections *set);

/* When all are given back. NULL is fine. */
void connections_free(struct connections **set);

#endif

/* connections.h: a bounded set of connections to a database server, lent one at a time. While the
 * server is away nobody waits for it: a new connection is tried now and then, with growing pauses,
 * and everybody in between is told at once. For exec_postgres.c alone. */
#ifndef COUNTERSIGN_WORK_CONNECTIONS_H
#define COUNTERSIGN_WORK_CONNECTIONS_H

#include "store/db.h"

struct connections;

struct connections *connections_new(const char *url, unsigned flags, int most);

/* Puts one in that was opened elsewhere. */
void connections_add(struct connections *set, struct db *db);

/* A connection, within wait_us. NULL: *problem is P_DATABASE_AWAY, or P_OVERLOADED. */
struct db *connections_take(struct connections *set, struct arena *arena, int64_t wait_us,
                            enum problem *problem);

/* Takes it back, or closes it if it is lost; then the idle ones are closed too, since what lost
 * one has mostly lost all. */
void connections_give(struct connections *set, struct db *db);

/* When all are given back. NULL is fine. */
void connections_free(struct connections **set);

#endif

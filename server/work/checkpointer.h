/* checkpointer.h: a thread that moves the write-ahead log into the database file, so that the
 * writer does not wait for it. It never waits for readers; the writer does that itself when the
 * log has grown far too long. */
#ifndef COUNTERSIGN_WORK_CHECKPOINTER_H
#define COUNTERSIGN_WORK_CHECKPOINTER_H

#include "base/arena.h"

struct checkpointer;
struct db;

/* With a connection of its own. NULL: *error. */
struct checkpointer *checkpointer_start(struct arena *arena, const char *url, const char **error);

/* Asks for a checkpoint; returns at once. */
void checkpointer_kick(struct checkpointer *checkpointer);

/* Empties the log now, on the caller's connection, after what the thread is doing. */
void checkpointer_truncate(struct checkpointer *checkpointer, struct db *db);

/* NULL is fine. */
void checkpointer_stop(struct checkpointer **checkpointer);

#endif

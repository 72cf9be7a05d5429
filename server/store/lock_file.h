/* lock_file.h: one server a database file, or several that know of each other. The lock is held on
 * "<database>.lock", not on the database, so the sqlite3 shell may go on reading and writing it. It
 * ends with the process, also with one that was killed. */
#ifndef COUNTERSIGN_STORE_LOCK_FILE_H
#define COUNTERSIGN_STORE_LOCK_FILE_H

#include "base/arena.h"

struct lock_file;

/* Takes the lock of the database at that path. NULL if another process holds it or it cannot be
 * made: *error (in the arena) names the file and the other process. */
struct lock_file *lock_file_take(struct arena *arena, const char *database, const char **error);

/* The same for processes that share the database: any number of them, and nobody else. */
struct lock_file *lock_file_share(struct arena *arena, const char *database, const char **error);

/* Gives it back; the last one removes its file. NULL is fine. */
void lock_file_free(struct lock_file **lock);

#endif

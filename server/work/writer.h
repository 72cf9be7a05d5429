/* writer.h: the one thread that writes. What has queued up is committed as a batch, a mark for
 * each job; done() is called after the commit, on the writer's thread. For exec_sqlite.c alone. */
#ifndef COUNTERSIGN_WORK_WRITER_H
#define COUNTERSIGN_WORK_WRITER_H

#include "work/checkpointer.h"
#include "work/executor.h"

struct writer;

/* The connection is the writer's own until writer_stop. */
struct writer *writer_start(struct db *db, struct checkpointer *checkpointer, int64_t deadline_us);

/* P_OK: queued, and done() will be called. P_OVERLOADED, P_SHUTTING_DOWN: refused. */
enum problem writer_queue(struct writer *writer, struct work *work) MUST_CHECK;

/* Is this the writer's own thread? */
bool writer_is_self(const struct writer *writer);

/* Finishes what is queued; refuses what comes after. NULL is fine. */
void writer_stop(struct writer **writer);

#endif

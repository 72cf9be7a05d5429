/* cancel.h: lets a thread be told to leave a connection that has not taken anything yet, so that a
 * stop need not wait for a server that does not answer. */
#ifndef COUNTERSIGN_DELIVER_CANCEL_H
#define COUNTERSIGN_DELIVER_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

/* What this thread sends from now on ends early when the flag is set; NULL: never. */
void cancel_watch(const atomic_bool *flag);

/* Is it set? */
bool cancel_wanted(void);

#endif

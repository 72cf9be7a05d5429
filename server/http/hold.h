/* hold.h: answers that leave at a set time, so that the time taken does not tell what was done
 * (rule S4): one thread and a list, nothing that waits. */
#ifndef COUNTERSIGN_HTTP_HOLD_H
#define COUNTERSIGN_HTTP_HOLD_H

#include <stdint.h>

struct hold;

/* Memory of the caller's, until `then` is called. */
struct held {
    int64_t due_us; /* steady clock */
    void (*then)(struct held *held);
    struct held *next;
};

struct hold *hold_start(void);

/* Calls held->then on the hold's thread when it is due. */
void hold_until(struct hold *hold, struct held *held);

/* All that is held is let go first. */
void hold_stop(struct hold **hold);

#endif

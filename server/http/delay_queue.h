/* delay_queue.h: answers that leave at a set time, so that the time taken tells nothing (rule S4).
 * One thread and a list: no thread waits for any single answer. */
#ifndef COUNTERSIGN_HTTP_DELAY_QUEUE_H
#define COUNTERSIGN_HTTP_DELAY_QUEUE_H

#include <stdint.h>

struct delay_queue;

/* Memory of the caller's, until `then` is called. */
struct delayed {
    int64_t due_us; /* steady clock */
    void (*then)(struct delayed *delayed);
    struct delayed *next;
};

struct delay_queue *delay_queue_start(void);

/* Calls held->then on the hold's thread when it is due. */
void delay_until(struct delay_queue *delays, struct delayed *delayed);

/* All that is held is let go first. */
void delay_queue_stop(struct delay_queue **delays);

#endif

/* delay_queue.c: a list in the order of time and the thread that empties it, see delay_queue.h. */
#include "http/delay_queue.h"

#include "base/clock.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct delay_queue {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct delayed *first;
    bool stop;
};

/* Waits for the first of the list; with the lock. NULL: there is none, or it is not due yet. */
static struct delayed *wait_for_one(struct delay_queue *h)
{
    struct delayed *first = h->first;
    if (!first) {
        pthread_cond_wait(&h->changed, &h->lock);
        return NULL;
    }
    if (!h->stop && first->due_us > clock_steady_us()) {
        struct timespec until = { .tv_sec = first->due_us / US_PER_S,
                                  .tv_nsec = first->due_us % US_PER_S * 1000 };
        pthread_cond_timedwait(&h->changed, &h->lock, &until);
        return NULL;
    }
    h->first = first->next;
    return first;
}

static void *run(void *arg)
{
    struct delay_queue *h = arg;
    pthread_mutex_lock(&h->lock);
    while (h->first || !h->stop) {
        struct delayed *delayed = wait_for_one(h);
        if (delayed) {
            pthread_mutex_unlock(&h->lock);
            delayed->then(delayed);
            pthread_mutex_lock(&h->lock);
        }
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

struct delay_queue *delay_queue_start(void)
{
    struct delay_queue *h = work_alloc(sizeof *h);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    h->thread = thread_start("cs-hold", run, h);
    return h;
}

void delay_until(struct delay_queue *h, struct delayed *delayed)
{
    pthread_mutex_lock(&h->lock);
    struct delayed **at = &h->first;
    while (*at && (*at)->due_us <= delayed->due_us) {
        at = &(*at)->next;
    }
    delayed->next = *at;
    *at = delayed;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

void delay_queue_stop(struct delay_queue **delays)
{
    struct delay_queue *h = *delays;
    *delays = NULL;
    if (!h) {
        return;
    }
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* sweeper.c: runs sweep() now and then, see sweeper.h. */
#include "work/sweeper.h"

#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>

enum { FIRST_S = 20, REST_S = 60, BUSY_S = 1, BUSY_ROWS = 200 };

struct sweeper {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    struct executor *executor;
    const struct clock *clock;
    struct entropy *entropy;
    struct sweep_ages ages;
    struct sweep_place place, next; /* next: of a round that is not committed yet */
    int64_t gone;
};

static enum problem in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct sweeper *s = arg;
    (void)ctx;
    s->next = s->place;
    s->gone = sweep(tx, &s->ages, &s->next);
    return P_OK;
}

static void round_once(struct sweeper *s)
{
    struct ctx ctx = { .arena = arena_new(),
                       .entropy = s->entropy,
                       .now_us = clock_now_us(s->clock) };
    s->gone = 0;
    enum problem problem = exec_write(s->executor, &ctx, in_tx, s);
    if (!problem) {
        s->place = s->next;
    } else {
        log_write(LOG_WARN, "the sweeper could not delete what has expired",
                  LOG_STR("problem", problem_row(problem)->name));
    }
    arena_free(&ctx.arena);
}

/* true: time for a round; false: stop. */
static bool wait_for(struct sweeper *s, int seconds)
{
    struct timespec until = clock_steady_in(seconds * US_PER_S);
    pthread_mutex_lock(&s->lock);
    while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0) {
    }
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static void *run(void *arg)
{
    struct sweeper *s = arg;
    for (int wait = FIRST_S; wait_for(s, wait); wait = s->gone >= BUSY_ROWS ? BUSY_S : REST_S) {
        round_once(s);
    }
    return NULL;
}

struct sweeper *sweeper_start(struct executor *executor, const struct clock *clock,
                              struct entropy *entropy, const struct sweep_ages *ages)
{
    struct sweeper *s = calloc(1, sizeof *s);
    if (!s) {
        log_die("out of memory");
    }
    s->executor = executor;
    s->clock = clock;
    s->entropy = entropy;
    s->ages = *ages;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&s->thread, NULL, run, s) != 0) {
        log_die("cannot start a thread");
    }
    pthread_setname_np(s->thread, "sweeper");
    return s;
}

void sweeper_stop(struct sweeper **sweeper)
{
    if (!sweeper || !*sweeper) {
        return;
    }
    struct sweeper *s = *sweeper;
    *sweeper = NULL;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

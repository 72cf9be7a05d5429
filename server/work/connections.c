/* connections.c: see connections.h. The one used last is lent first, so that no more are open than
 * are needed at once. */
#include "work/connections.h"

#include "base/clock.h"
#include "base/log.h"
#include "work/thread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 1024 };
#define PAUSE_FIRST_US (100 * 1000)
#define PAUSE_MAX_US (3 * US_PER_S)

struct connections {
    char *url;
    unsigned flags;
    int most;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t given;
    int open, n_idle;
    bool away, trying;
    int64_t pause_us, try_again_at_us;
    struct db *idle[MOST];
};

struct connections *connections_new(const char *url, unsigned flags, int most)
{
    struct connections *set = work_alloc(sizeof *set);
    pthread_condattr_t monotonic;
    set->url = strdup(url);
    if (!set->url) {
        log_die("out of memory");
    }
    set->flags = flags;
    set->most = most > MOST ? MOST : most;
    pthread_mutex_init(&set->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&set->given, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return set;
}

void connections_add(struct connections *set, struct db *db)
{
    pthread_mutex_lock(&set->lock);
    set->open++;
    set->idle[set->n_idle++] = db;
    pthread_cond_signal(&set->given);
    pthread_mutex_unlock(&set->lock);
}

/* After a failed try. Holds the lock. */
static void note_away(struct connections *set, const char *error)
{
    if (!set->away) {
        log_write(LOG_ERROR, "the database is away", LOG_STR("error", error));
    }
    set->away = true;
    set->open--;
    set->pause_us = !set->pause_us                     ? PAUSE_FIRST_US
                    : set->pause_us * 2 > PAUSE_MAX_US ? PAUSE_MAX_US
                                                       : set->pause_us * 2;
    set->try_again_at_us = clock_steady_us() + set->pause_us;
}

static void note_back(struct connections *set)
{
    if (set->away) {
        log_plain(LOG_WARN, "the database is back");
    }
    set->away = false;
    set->pause_us = 0;
}

/* Opens one more. Holds the lock, and gives it up meanwhile. */
static struct db *open_one(struct connections *set, struct arena *arena)
{
    const char *error = "";
    bool was_away = set->away;
    set->open++;
    set->trying = set->trying || was_away;
    pthread_mutex_unlock(&set->lock);
    struct db *db = db_connect(arena, set->url, set->flags, &error);
    pthread_mutex_lock(&set->lock);
    set->trying = was_away ? false : set->trying;
    if (db) {
        note_back(set);
    } else {
        note_away(set, error);
    }
    pthread_cond_broadcast(&set->given);
    return db;
}

static bool wait_for_one(struct connections *set, int64_t until_us)
{
    struct timespec until = { .tv_sec = until_us / US_PER_S,
                              .tv_nsec = until_us % US_PER_S * 1000 };
    return pthread_cond_timedwait(&set->given, &set->lock, &until) == 0;
}

struct db *connections_take(struct connections *set, struct arena *arena, int64_t wait_us,
                            enum problem *problem)
{
    int64_t until = clock_steady_us() + wait_us;
    struct db *db = NULL;
    *problem = P_OK;
    pthread_mutex_lock(&set->lock);
    while (!db && *problem == P_OK) {
        if (set->n_idle) {
            db = set->idle[--set->n_idle];
        } else if (set->away && (set->trying || clock_steady_us() < set->try_again_at_us)) {
            *problem = P_DATABASE_AWAY;
        } else if (set->open < set->most) {
            db = open_one(set, arena);
            *problem = db ? P_OK : P_DATABASE_AWAY;
        } else if (!wait_for_one(set, until)) {
            *problem = P_OVERLOADED;
        }
    }
    pthread_mutex_unlock(&set->lock);
    return db;
}

void connections_give(struct connections *set, struct db *db)
{
    struct db *gone[MOST + 1];
    int n = 0;
    pthread_mutex_lock(&set->lock);
    if (db_alive(db)) {
        set->idle[set->n_idle++] = db;
    } else {
        gone[n++] = db;
        while (set->n_idle) {
            gone[n++] = set->idle[--set->n_idle];
        }
        set->open -= n;
    }
    pthread_cond_signal(&set->given);
    pthread_mutex_unlock(&set->lock);
    while (n) {
        db_close(&gone[--n]);
    }
}

void connections_free(struct connections **set)
{
    struct connections *s = set ? *set : NULL;
    if (!s) {
        return;
    }
    while (s->n_idle) {
        db_close(&s->idle[--s->n_idle]);
    }
    pthread_cond_destroy(&s->given);
    pthread_mutex_destroy(&s->lock);
    explicit_bzero(s->url, strlen(s->url));
    free(s->url);
    free(s);
    *set = NULL;
}

/* connections.c: see connections.h. The one used last is lent first, so that no more are open than
 * are needed at once, and those that are not needed grow idle at the bottom. */
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
#define CHECK_US (30 * US_PER_S)
#define CANCEL_US (5 * US_PER_S)
#define HURRY_US (100 * 1000)

struct connection {
    struct db *db;
    int64_t opened_us, idle_from_us, lent_us;
};

struct connections {
    struct connections_settings settings;
    char *url; /* its own copy */
    struct database_clock *clock;
    pthread_t carer;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t given, wake;
    bool stop, hurry;
    int open, n_idle, n_lent;
    bool refusing; /* the last try to open one failed: not again before try_again_at_us */
    bool away;     /* and none is open */
    bool trying;
    int64_t pause_us, try_again_at_us;
    struct connection idle[MOST], lent[MOST];
};

/* --- what is to be closed, which is done without the lock --- */

struct closing {
    struct db *db[MOST];
    int n;
};

/* Takes the idle one at i away. Holds the lock. */
static void drop_idle(struct connections *set, int i, struct closing *closing)
{
    closing->db[closing->n++] = set->idle[i].db;
    set->n_idle--;
    set->open--;
    memmove(&set->idle[i], &set->idle[i + 1], (size_t)(set->n_idle - i) * sizeof set->idle[0]);
}

static void close_all(struct closing *closing)
{
    while (closing->n) {
        db_close(&closing->db[--closing->n]);
    }
}

static bool older(int64_t since_us, int64_t limit_us)
{
    return limit_us > 0 && clock_steady_us() - since_us > limit_us;
}

/* --- opening --- */

/* After a failed try. A server that accepts no more connections is not away: those that are open
 * go round. Holds the lock. */
static void note_refused(struct connections *set, const char *error)
{
    bool others = set->n_lent + set->n_idle > 0;
    if (!others && !set->away) {
        log_write(LOG_ERROR, "the database is away", LOG_STR("error", error));
    } else if (others && !set->refusing) {
        log_write(
            LOG_WARN,
            "the database accepts no further connection; requests wait for those that are open",
            LOG_INT("open", set->n_lent + set->n_idle), LOG_STR("error", error));
    }
    set->refusing = true;
    set->away = !others;
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
    set->away = set->refusing = false;
    set->pause_us = 0;
}

/* Another server may have taken the place of the one whose clock was measured. */
static void measure(struct connections *set, struct db *db)
{
    struct db_time time;
    if (db_time_ask(db, &time)) {
        database_clock_take(set->clock, &time);
    }
}

static struct db *open_and_measure(struct connections *set, struct arena *arena, const char **error)
{
    struct db *db = db_connect(arena, set->url, set->settings.flags, error);
    if (db) {
        db_set_lacks(db, set->settings.lacks);
        measure(set, db);
    }
    if (db && !db_alive(db)) {
        *error = "it closed the connection again";
        db_close(&db);
    }
    return db;
}

/* Opens one more. Holds the lock, and gives it up meanwhile. */
static struct db *open_one(struct connections *set, struct arena *arena)
{
    const char *error = "";
    bool was_refusing = set->refusing;
    set->open++;
    set->trying = set->trying || was_refusing;
    pthread_mutex_unlock(&set->lock);
    struct db *db = open_and_measure(set, arena, &error);
    pthread_mutex_lock(&set->lock);
    set->trying = was_refusing ? false : set->trying;
    if (db) {
        note_back(set);
        set->lent[set->n_lent++] =
            (struct connection){ db, clock_steady_us(), 0, clock_steady_us() };
    } else {
        note_refused(set, error);
    }
    pthread_cond_broadcast(&set->given);
    return db;
}

/* --- lending --- */

/* May one more be opened now? */
static bool may_open(const struct connections *set)
{
    bool pausing = set->refusing && (set->trying || clock_steady_us() < set->try_again_at_us);
    return !pausing && set->open < set->settings.most;
}

/* None is open, and none can be opened at the moment. */
static bool is_away(const struct connections *set)
{
    return set->refusing && set->n_lent + set->n_idle == 0;
}

static bool wait_for_one(struct connections *set, int64_t until_us)
{
    struct timespec until = { .tv_sec = until_us / US_PER_S,
                              .tv_nsec = until_us % US_PER_S * 1000 };
    return pthread_cond_timedwait(&set->given, &set->lock, &until) == 0;
}

/* While no more are opened, somebody who waits looks again when it is time to try. */
static int64_t until_next(const struct connections *set, int64_t until_us)
{
    bool tries = set->refusing && !set->trying && set->open < set->settings.most;
    return tries && set->try_again_at_us < until_us ? set->try_again_at_us : until_us;
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
            set->lent[set->n_lent++] = set->idle[--set->n_idle];
            set->lent[set->n_lent - 1].lent_us = clock_steady_us();
            db = set->idle[set->n_idle].db;
        } else if (may_open(set)) {
            db = open_one(set, arena);
            *problem = db || !is_away(set) ? P_OK : P_DATABASE_AWAY;
        } else if (is_away(set)) {
            *problem = P_DATABASE_AWAY;
        } else if (!wait_for_one(set, until_next(set, until)) && clock_steady_us() >= until) {
            *problem = set->refusing ? P_DATABASE_AWAY : P_OVERLOADED;
        }
    }
    pthread_mutex_unlock(&set->lock);
    return db;
}

static void give_back(struct connections *set, struct db *db, int64_t idle_from_us)
{
    struct closing closing = { .n = 0 };
    const struct connections_settings *settings = &set->settings;
    int i = 0;
    pthread_mutex_lock(&set->lock);
    while (set->lent[i].db != db) {
        i++;
    }
    struct connection given = set->lent[i];
    set->lent[i] = set->lent[--set->n_lent];
    given.idle_from_us = idle_from_us;
    set->idle[set->n_idle++] = given;
    if (!db_alive(db)) {
        while (set->n_idle) {
            drop_idle(set, set->n_idle - 1, &closing);
        }
    } else if (older(given.opened_us, settings->lifetime_us) ||
               (settings->most_idle && set->n_idle > settings->most_idle)) {
        drop_idle(set, set->n_idle - 1, &closing);
    }
    if (set->n_idle) {
        pthread_cond_signal(&set->given);
    } else { /* somebody may open one, and if none can be opened all must hear of it */
        pthread_cond_broadcast(&set->given);
    }
    pthread_mutex_unlock(&set->lock);
    close_all(&closing);
}

void connections_give(struct connections *set, struct db *db)
{
    give_back(set, db, clock_steady_us());
}

/* --- care --- */

/* Holds the lock. */
static void drop_old(struct connections *set, struct closing *closing)
{
    for (int i = set->n_idle - 1; i >= 0; i--) {
        if (older(set->idle[i].opened_us, set->settings.lifetime_us) ||
            older(set->idle[i].idle_from_us, set->settings.idle_us)) {
            drop_idle(set, i, closing);
        }
    }
}

/* With none open the next that is opened measures. To be measured with does not count as use. */
static void measure_with_one(struct connections *set, struct arena *arena)
{
    enum problem problem;
    struct connection one = { 0 };
    pthread_mutex_lock(&set->lock);
    bool busy = set->open > 0 && set->n_idle == 0;
    if (set->n_idle) {
        one = set->lent[set->n_lent++] = set->idle[--set->n_idle];
        set->lent[set->n_lent - 1].lent_us = clock_steady_us();
    }
    pthread_mutex_unlock(&set->lock);
    if (busy) {
        one.db = connections_take(set, arena, US_PER_S, &problem);
        one.idle_from_us = clock_steady_us();
    }
    if (one.db) {
        measure(set, one.db);
        give_back(set, one.db, one.idle_from_us);
    }
}

static void care_once(struct connections *set)
{
    struct arena *arena = arena_new();
    struct closing closing = { .n = 0 };
    pthread_mutex_lock(&set->lock);
    drop_old(set, &closing);
    pthread_mutex_unlock(&set->lock);
    close_all(&closing);
    measure_with_one(set, arena);
    arena_free(&arena);
}

/* Holds the lock, so none of them is closed meanwhile. */
static void cancel_slow(struct connections *set)
{
    for (int i = 0; i < set->n_lent; i++) {
        if (older(set->lent[i].lent_us, CANCEL_US)) {
            db_cancel(set->lent[i].db);
        }
    }
}

static void *care(void *arg)
{
    struct connections *set = arg;
    int64_t every = set->settings.check_us > 0 ? set->settings.check_us : CHECK_US;
    pthread_mutex_lock(&set->lock);
    while (!set->stop) {
        struct timespec until = clock_steady_in(set->hurry ? HURRY_US : every);
        bool hurried = set->hurry;
        while (!set->stop && hurried == set->hurry &&
               pthread_cond_timedwait(&set->wake, &set->lock, &until) == 0) {
        }
        if (set->hurry) {
            cancel_slow(set);
        } else if (!set->stop) {
            pthread_mutex_unlock(&set->lock);
            care_once(set);
            pthread_mutex_lock(&set->lock);
        }
    }
    pthread_mutex_unlock(&set->lock);
    return NULL;
}

static void init_locks(struct connections *set)
{
    pthread_condattr_t monotonic;
    pthread_mutex_init(&set->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&set->given, &monotonic);
    pthread_cond_init(&set->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct connections *connections_new(const struct connections_settings *settings, struct db *first,
                                    struct database_clock *clock)
{
    struct db_time time;
    if (!db_time_ask(first, &time)) {
        db_close(&first);
        return NULL;
    }
    database_clock_take(clock, &time);
    struct connections *set = work_alloc(sizeof *set);
    set->settings = *settings;
    set->settings.most = settings->most > MOST ? MOST : settings->most;
    set->url = strdup(settings->url);
    if (!set->url) {
        log_die("out of memory");
    }
    set->clock = clock;
    init_locks(set);
    set->open = set->n_idle = 1;
    set->idle[0] = (struct connection){ first, clock_steady_us(), clock_steady_us(), 0 };
    set->carer = thread_start("cs-db-care", care, set);
    return set;
}

void connections_hurry(struct connections *set)
{
    pthread_mutex_lock(&set->lock);
    set->hurry = true;
    pthread_cond_signal(&set->wake);
    pthread_mutex_unlock(&set->lock);
}

void connections_free(struct connections **set)
{
    struct connections *s = set ? *set : NULL;
    if (!s) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->carer, NULL);
    while (s->n_idle) {
        db_close(&s->idle[--s->n_idle].db);
    }
    pthread_cond_destroy(&s->given);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    explicit_bzero(s->url, strlen(s->url));
    free(s->url);
    free(s);
    *set = NULL;
}

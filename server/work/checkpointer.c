/* checkpointer.c: see checkpointer.h. */
#include "work/checkpointer.h"

#include "store/db.h"
#include "work/thread.h"

#include <stdlib.h>

struct checkpointer {
    struct db *db; /* the thread's own */
    pthread_t thread;
    pthread_mutex_t at_work; /* held during a checkpoint: SQLite refuses a second one at once */
    pthread_mutex_t lock;    /* for all below */
    pthread_cond_t woken;
    bool wanted, stopping;
};

static void *checkpointer_main(void *arg)
{
    struct checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (!c->wanted) {
            pthread_cond_wait(&c->woken, &c->lock);
            continue;
        }
        c->wanted = false;
        pthread_mutex_unlock(&c->lock);
        pthread_mutex_lock(&c->at_work);
        db_checkpoint(c->db, false); /* a failure is in the log; the next kick tries again */
        pthread_mutex_unlock(&c->at_work);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct checkpointer *checkpointer_start(struct arena *arena, const char *url, const char **error)
{
    struct db *db = db_connect(arena, url, 0, error);
    if (!db) {
        return NULL;
    }
    struct checkpointer *c = work_alloc(sizeof *c);
    c->db = db;
    pthread_mutex_init(&c->at_work, NULL);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->woken, NULL);
    c->thread = thread_start("cs-checkpoint", checkpointer_main, c);
    return c;
}

void checkpointer_kick(struct checkpointer *checkpointer)
{
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->wanted = true;
    pthread_cond_signal(&checkpointer->woken);
    pthread_mutex_unlock(&checkpointer->lock);
}

void checkpointer_truncate(struct checkpointer *checkpointer, struct db *db)
{
    pthread_mutex_lock(&checkpointer->at_work);
    db_checkpoint(db, true);
    pthread_mutex_unlock(&checkpointer->at_work);
}

void checkpointer_stop(struct checkpointer **checkpointer)
{
    struct checkpointer *c = checkpointer ? *checkpointer : NULL;
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->woken);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    db_close(&c->db);
    pthread_cond_destroy(&c->woken);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->at_work);
    free(c);
    *checkpointer = NULL;
}

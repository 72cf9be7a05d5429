/* hash_pool.c: a queue and its threads, bounded by length and by expected waiting time, see
 * hash_pool.h. */
#include "work/hash_pool.h"

#include "base/clock.h"
#include "work/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUEUE_PER_THREAD = 64, MAX_THREADS = 256, AVERAGE_OVER = 8 };

struct hash_pool {
    int count;
    int queue_max;
    int64_t deadline_us;
    enum problem (*run)(void *arg, struct work *work);
    void *arg;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t work_came;
    struct work *first, **last;
    int queued;
    int running;
    int64_t average_us; /* of a job, moving; 0 until the first is done */
    bool stopping;
    pthread_t threads[];
};

/* Waits for a job; NULL when the pool stops and none is left. Holds the lock. */
static struct work *take(struct hash_pool *p)
{
    while (!p->first && !p->stopping) {
        pthread_cond_wait(&p->work_came, &p->lock);
    }
    struct work *work = p->first;
    if (work) {
        p->first = work->next;
        p->last = p->first ? p->last : &p->first;
        p->queued--;
        p->running++;
    }
    return work;
}

/* Ends the job's turn. Holds the lock. */
static void book(struct hash_pool *p, int64_t took_us)
{
    p->running--;
    if (p->average_us == 0) {
        p->average_us = took_us;
    } else {
        p->average_us += (took_us - p->average_us) / AVERAGE_OVER;
    }
}

static void *pool_main(void *arg)
{
    struct hash_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (struct work *work = take(p); work; work = take(p)) {
        pthread_mutex_unlock(&p->lock);
        int64_t began = clock_steady_us();
        bool late = began - work->queued_at_us > p->deadline_us;
        work->result = late ? P_REQUEST_TIMEOUT : p->run(p->arg, work);
        int64_t took = clock_steady_us() - began;
        work->done(work);
        pthread_mutex_lock(&p->lock);
        book(p, late ? p->average_us : took);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static enum problem run_slow(void *arg, struct work *work)
{
    (void)arg;
    return work->slow(work->ctx, work->arg);
}

struct hash_pool *hash_pool_start(int threads, int queue, int64_t deadline_us)
{
    return hash_pool_start_as("cs-hash", threads, queue, deadline_us, run_slow, NULL);
}

struct hash_pool *hash_pool_start_as(const char *name, int threads, int queue, int64_t deadline_us,
                                     enum problem (*run)(void *arg, struct work *work), void *arg)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int count = threads > 0 ? threads : cores > 0 ? (int)cores : 1;
    count = count > MAX_THREADS ? MAX_THREADS : count;
    struct hash_pool *p = work_alloc(sizeof *p + sizeof(pthread_t) * (size_t)count);
    p->count = count;
    p->run = run;
    p->arg = arg;
    p->queue_max = queue > 0 ? queue : QUEUE_PER_THREAD * count;
    p->deadline_us = deadline_us;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work_came, NULL);
    for (int i = 0; i < count; i++) {
        char own[32];
        snprintf(own, sizeof own, "%.11s-%d", name, i);
        p->threads[i] = thread_start(own, pool_main, p);
    }
    return p;
}

/* Holds the lock. */
static int64_t wait_us(const struct hash_pool *p)
{
    /* a running job is half done on average, and only stands in the way if all threads run one */
    int64_t halves = p->queued * INT64_C(2) + (p->running == p->count ? p->running : 0);
    return p->average_us * halves / (INT64_C(2) * p->count);
}

bool hash_pool_queue(struct hash_pool *pool, struct work *work)
{
    work->next = NULL;
    work->queued_at_us = clock_steady_us();
    pthread_mutex_lock(&pool->lock);
    bool taken =
        !pool->stopping && pool->queued < pool->queue_max && wait_us(pool) <= pool->deadline_us;
    if (taken) {
        *pool->last = work;
        pool->last = &work->next;
        pool->queued++;
        pthread_cond_signal(&pool->work_came);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

int64_t hash_pool_wait_us(struct hash_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    int64_t wait = wait_us(pool);
    pthread_mutex_unlock(&pool->lock);
    return wait;
}

void hash_pool_stop(struct hash_pool **pool)
{
    struct hash_pool *p = pool ? *pool : NULL;
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work_came);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++) {
        pthread_join(p->threads[i], NULL);
    }
    pthread_cond_destroy(&p->work_came);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *pool = NULL;
}

/* worker_pool.c: two queues and their threads, bounded by length and by expected waiting time, see
 * worker_pool.h. */
#include "work/worker_pool.h"

#include "base/clock.h"
#include "work/thread.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUEUE_PER_THREAD = 64, MAX_THREADS = 256, AVERAGE_OVER = 8 };
enum { MEMBERS, GUESTS, KINDS };

struct queue {
    struct work *first, **last;
    int queued, running, most; /* most: running at once */
};

struct worker_pool {
    struct worker_pool_settings settings; /* with nothing left open */
    pthread_mutex_t lock;                 /* for all below */
    pthread_cond_t work_came;
    struct queue kinds[KINDS];
    int last_kind;      /* whose turn it was */
    int64_t average_us; /* of a job, moving; 0 until the first is done */
    bool stopping;
    pthread_t threads[];
};

static bool ready(const struct queue *q)
{
    return q->first && q->running < q->most;
}

static struct work *take_from(struct queue *q)
{
    struct work *work = q->first;
    q->first = work->next;
    q->last = q->first ? q->last : &q->first;
    q->queued--;
    q->running++;
    return work;
}

/* Waits for a job; NULL when the pool stops and none is left. Holds the lock. */
static struct work *take(struct worker_pool *p)
{
    for (;;) {
        for (int turn = 1; turn <= KINDS; turn++) {
            int kind = (p->last_kind + turn) % KINDS;
            if (ready(&p->kinds[kind])) {
                p->last_kind = kind;
                return take_from(&p->kinds[kind]);
            }
        }
        if (p->stopping && !p->kinds[MEMBERS].first && !p->kinds[GUESTS].first) {
            return NULL;
        }
        pthread_cond_wait(&p->work_came, &p->lock);
    }
}

/* Ends the job's turn. Holds the lock. */
static void book(struct worker_pool *p, int kind, int64_t took_us)
{
    struct queue *q = &p->kinds[kind];
    bool was_full = q->running == q->most;
    q->running--;
    if ((was_full && q->first) || p->stopping) {
        pthread_cond_broadcast(&p->work_came); /* for the threads that this kind could not have */
    }
    if (p->average_us == 0) {
        p->average_us = took_us;
    } else {
        p->average_us += (took_us - p->average_us) / AVERAGE_OVER;
    }
}

static void *pool_main(void *arg)
{
    struct worker_pool *p = arg;
    const struct worker_pool_settings *s = &p->settings;
    if (s->in_the_back) {
        sched_setscheduler(0, SCHED_BATCH,
                           &(struct sched_param){ 0 }); /* a thread's own on Linux */
    }
    pthread_mutex_lock(&p->lock);
    for (struct work *work = take(p); work; work = take(p)) {
        pthread_mutex_unlock(&p->lock);
        int kind = work->unauthenticated ? GUESTS : MEMBERS;
        int64_t began = clock_steady_us();
        bool late = began - work->queued_at_us > s->deadline_us;
        work->result = late ? P_REQUEST_TIMEOUT : s->run(s->arg, work);
        int64_t took = clock_steady_us() - began;
        work->done(work);
        pthread_mutex_lock(&p->lock);
        book(p, kind, late ? p->average_us : took);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static enum problem run_slow(void *arg, struct work *work)
{
    (void)arg;
    return work->run(work->ctx, work->arg);
}

static struct worker_pool_settings complete(const struct worker_pool_settings *given)
{
    struct worker_pool_settings s = *given;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    s.threads = s.threads > 0 ? s.threads : cores > 0 ? (int)cores : 1;
    s.threads = s.threads > MAX_THREADS ? MAX_THREADS : s.threads;
    s.queue = s.queue > 0 ? s.queue : QUEUE_PER_THREAD * s.threads;
    s.for_authenticated = s.for_authenticated < s.threads ? s.for_authenticated : s.threads - 1;
    s.run = s.run ? s.run : run_slow;
    return s;
}

struct worker_pool *worker_pool_start(const struct worker_pool_settings *settings)
{
    struct worker_pool_settings s = complete(settings);
    struct worker_pool *p = work_alloc(sizeof *p + sizeof(pthread_t) * (size_t)s.threads);
    p->settings = s;
    p->settings.name = NULL; /* the caller's */
    for (int i = 0; i < KINDS; i++) {
        p->kinds[i].last = &p->kinds[i].first;
    }
    p->kinds[MEMBERS].most = s.threads;
    p->kinds[GUESTS].most = s.threads - s.for_authenticated;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work_came, NULL);
    for (int i = 0; i < s.threads; i++) {
        char own[32];
        snprintf(own, sizeof own, "%.11s-%d", s.name, i);
        p->threads[i] = thread_start(own, pool_main, p);
    }
    return p;
}

/* For one more of that kind; the kinds take turns. Holds the lock. */
static int64_t wait_us(const struct worker_pool *p, int kind)
{
    const struct queue *own = &p->kinds[kind], *other = &p->kinds[KINDS - 1 - kind];
    int turns = other->queued < own->queued ? other->queued : own->queued;
    int busy = own->running + other->running;
    bool blocked = busy == p->settings.threads || own->running == own->most;
    /* a running job is half done on average, and only stands in the way if all threads run one */
    int64_t halves = (own->queued + turns) * INT64_C(2) + (blocked ? busy : 0);
    return p->average_us * halves / (INT64_C(2) * own->most);
}

bool worker_pool_queue(struct worker_pool *pool, struct work *work)
{
    int kind = work->unauthenticated ? GUESTS : MEMBERS;
    struct queue *q = &pool->kinds[kind];
    work->next = NULL;
    work->queued_at_us = clock_steady_us();
    pthread_mutex_lock(&pool->lock);
    bool taken = !pool->stopping && q->queued < pool->settings.queue &&
                 wait_us(pool, kind) <= pool->settings.deadline_us;
    if (taken) {
        *q->last = work;
        q->last = &work->next;
        q->queued++;
        pthread_cond_signal(&pool->work_came);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

int64_t worker_pool_wait_us(struct worker_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    int64_t members = wait_us(pool, MEMBERS), guests = wait_us(pool, GUESTS);
    pthread_mutex_unlock(&pool->lock);
    return members > guests ? members : guests;
}

void worker_pool_close(struct worker_pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    bool again = pool->stopping;
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work_came);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; !again && i < pool->settings.threads; i++) {
        pthread_join(pool->threads[i], NULL);
    }
}

void worker_pool_stop(struct worker_pool **pool)
{
    struct worker_pool *p = pool ? *pool : NULL;
    if (!p) {
        return;
    }
    worker_pool_close(p);
    pthread_cond_destroy(&p->work_came);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *pool = NULL;
}

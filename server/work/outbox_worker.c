/* outbox_worker.c: claims a row of the outbox, sends it, and deletes it or puts it off; see
 * outbox_worker.h. A claim hides the row for a lease that is longer than any attempt lasts, so
 * nothing is sent twice unless the process dies between the other side's yes and the delete. */
#include "work/outbox_worker.h"

#include "base/log.h"
#include "deliver/cancel.h"
#include "deliver/sender.h"
#include "store/outbox.h"
#include "work/executor.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_S = 5, ERROR_SHOWN = 200 };
#define LEASE_US (120 * US_PER_S) /* a mail takes 40 s at most */
#define BACKOFF_FIRST_US (5 * US_PER_S)
#define BACKOFF_MAX_US (15 * 60 * US_PER_S)
#define MAIL_LIFE_US (24 * 3600 * US_PER_S)
#define CODE_LIFE_US (300 * US_PER_S) /* at least; then as long as the code lives */

struct outbox_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool wanted; /* under the lock */
    atomic_bool stop;
    const struct realm *realm;
    struct executor *executor;
    const struct clock *clock;
    struct entropy *entropy;
};

/* One row and what became of it. */
struct job {
    struct outbox_row row;
    bool claimed, done, dead;
    int64_t next_try_at, life_us;
    const char *error;
};

int64_t outbox_backoff_us(int64_t attempts)
{
    int64_t us = BACKOFF_FIRST_US;
    for (int64_t i = 1; i < attempts && us < BACKOFF_MAX_US; i++) {
        us *= 2;
    }
    return us < BACKOFF_MAX_US ? us : BACKOFF_MAX_US;
}

static enum problem look(struct ctx *ctx, struct tx *tx, void *arg)
{
    int64_t at = outbox_next_at(tx);
    *(bool *)arg = at && at <= ctx->now_us;
    return P_OK;
}

static enum problem claim(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct job *job = arg;
    struct outbox_row *rows;
    (void)ctx;
    job->claimed = outbox_claim(tx, 1, LEASE_US, &rows) == 1;
    if (job->claimed) {
        job->row = rows[0];
    }
    return P_OK;
}

static enum problem settle(struct ctx *ctx, struct tx *tx, void *arg)
{
    const struct job *job = arg;
    (void)ctx;
    if (job->done) {
        outbox_delete(tx, &job->row.id);
    } else if (job->dead) {
        outbox_give_up(tx, &job->row.id, job->error);
    } else {
        outbox_retry(tx, &job->row.id, job->next_try_at, job->error);
    }
    return P_OK;
}

/* A code that has expired is not worth sending. */
static int64_t life_of(int64_t code_s)
{
    int64_t us = code_s * US_PER_S;
    us = us < CODE_LIFE_US ? CODE_LIFE_US : us;
    return us < MAIL_LIFE_US ? us : MAIL_LIFE_US;
}

static void send_payload(struct outbox_worker *w, struct arena *arena, struct job *job,
                         const char *payload)
{
    const struct config *config = w->realm->config;
    const char *provider_id, *error = NULL;
    char id[UUID_TEXT];
    struct mail mail;
    struct sms sms;
    bool is_mail = strcmp(job->row.kind, "mail") == 0;
    if (is_mail ? !mail_from_json(arena, payload, &mail) : !sms_from_json(arena, payload, &sms)) {
        job->error = "the message cannot be read";
        job->dead = true;
        return;
    }
    if (is_mail) {
        job->life_us = mail.token ? life_of(config->mail.otp_exp_s) : MAIL_LIFE_US;
        job->done =
            send_mail(config, arena, &mail, uuid_format(&job->row.id, id), &error, &job->dead);
    } else {
        job->life_us = life_of(config->sms.otp_exp_s);
        job->done = send_sms(config, arena, &sms, &provider_id, &error, &job->dead);
    }
    job->error = error ? error : "the message could not be sent";
}

static void attempt(struct outbox_worker *w, struct arena *arena, struct job *job)
{
    const struct outbox_row *row = &job->row;
    const char *payload =
        vault_open(w->realm->vault, arena, &row->id, row->payload ? row->payload : "");
    job->life_us = MAIL_LIFE_US;
    if (payload) {
        send_payload(w, arena, job, payload);
    } else {
        job->error = "the message cannot be decrypted: its key is missing";
    }
    int64_t now_us = clock_now_us(w->clock);
    if (job->done || cancel_wanted()) {
        job->next_try_at = now_us;
        job->dead = false;
        return;
    }
    job->next_try_at = now_us + outbox_backoff_us(row->attempts);
    job->dead = job->dead || job->next_try_at >= row->created_at + job->life_us;
    log_write(job->dead ? LOG_ERROR : LOG_WARN,
              job->dead ? "a message was given up" : "a message could not be sent yet",
              LOG_STR("kind", row->kind), LOG_STR("topic", row->topic),
              LOG_INT("attempts", row->attempts), LOG_STR("reason", job->error));
}

/* Takes the next row that is due, if any. false: none, or the database is away. */
static bool round_once(struct outbox_worker *w)
{
    struct ctx ctx = { .arena = arena_new(),
                       .entropy = w->entropy,
                       .now_us = clock_now_us(w->clock) };
    struct job job = { 0 };
    bool due = false;
    enum problem problem = exec_read(w->executor, &ctx, look, &due);
    if (!problem && due) {
        problem = exec_write(w->executor, &ctx, claim, &job);
    }
    if (!problem && job.claimed) {
        attempt(w, ctx.arena, &job);
        ctx.now_us = clock_now_us(w->clock);
        problem = exec_write(w->executor, &ctx, settle, &job);
    }
    if (problem) {
        log_write(LOG_WARN, "the outbox cannot be worked on",
                  LOG_STR("problem", problem_row(problem)->name));
    }
    arena_free(&ctx.arena);
    return !problem && job.claimed;
}

/* Until something new waits or it is time to look; false: stop. */
static bool wait_for_more(struct outbox_worker *w)
{
    int64_t until_us = clock_steady_us() + POLL_S * US_PER_S;
    struct timespec until = { .tv_sec = until_us / US_PER_S,
                              .tv_nsec = until_us % US_PER_S * 1000 };
    pthread_mutex_lock(&w->lock);
    while (!w->wanted && !atomic_load(&w->stop) &&
           pthread_cond_timedwait(&w->woken, &w->lock, &until) == 0) {
    }
    w->wanted = false;
    pthread_mutex_unlock(&w->lock);
    return !atomic_load(&w->stop);
}

static void *run(void *arg)
{
    struct outbox_worker *w = arg;
    cancel_watch(&w->stop);
    do {
        while (!atomic_load(&w->stop) && round_once(w)) {
        }
    } while (wait_for_more(w));
    return NULL;
}

struct outbox_worker *outbox_worker_start(const struct realm *realm, struct executor *executor,
                                          const struct clock *clock, struct entropy *entropy)
{
    struct outbox_worker *w = work_alloc(sizeof *w);
    pthread_condattr_t monotonic;
    w->realm = realm;
    w->executor = executor;
    w->clock = clock;
    w->entropy = entropy;
    atomic_init(&w->stop, false);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->thread = thread_start("cs-outbox", run, w);
    return w;
}

void outbox_worker_wake(struct outbox_worker *worker)
{
    if (!worker) {
        return;
    }
    pthread_mutex_lock(&worker->lock);
    worker->wanted = true;
    pthread_cond_signal(&worker->woken);
    pthread_mutex_unlock(&worker->lock);
}

void outbox_worker_stop(struct outbox_worker **worker)
{
    struct outbox_worker *w = worker ? *worker : NULL;
    if (!w) {
        return;
    }
    *worker = NULL;
    atomic_store(&w->stop, true);
    outbox_worker_wake(w);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->woken);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* sweeper.c: runs sweep() now and then, see sweeper.h. */
#include "work/sweeper.h"

#include "base/log.h"
#include "deliver/folder.h"
#include "store/sign_ups.h"

#include <pthread.h>
#include <stdlib.h>

enum { FIRST_S = 20, REST_S = 60, BUSY_S = 1, BUSY_ROWS = 200, ACCOUNTS = 50 };

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
    const struct config *config;
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

/* Accounts that strangers made: each in a transaction of its own, as tables of the application may
 * refer to one and forbid that it goes. */
struct account_round {
    enum sign_up_kind kind;
    int64_t since;
    struct uuid due[ACCOUNTS], one;
    int n;
    bool deleted;
};

static enum problem find_accounts(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct account_round *r = arg;
    (void)ctx;
    r->n = sign_ups_due(tx, r->kind, r->since, ACCOUNTS, r->due);
    return P_OK;
}

static enum problem settle_account(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct account_round *r = arg;
    (void)ctx;
    r->deleted = sign_up_settle(tx, &r->one, r->kind, r->since);
    return P_OK;
}

static enum problem put_off_account(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    sign_up_put_off(tx, &((struct account_round *)arg)->one);
    return P_OK;
}

static void sweep_accounts(struct sweeper *s, enum sign_up_kind kind, int64_t kept_us)
{
    struct ctx ctx = { .arena = arena_new(),
                       .entropy = s->entropy,
                       .now_us = clock_now_us(s->clock) };
    struct account_round r = { .kind = kind, .since = ctx.now_us - kept_us };
    int64_t deleted = 0, refused = 0;
    if (!kept_us || exec_read(s->executor, &ctx, find_accounts, &r) != P_OK) {
        r.n = 0;
    }
    for (int i = 0; i < r.n; i++) {
        r.one = r.due[i];
        if (exec_write(s->executor, &ctx, settle_account, &r) == P_OK) {
            deleted += r.deleted;
        } else {
            refused += exec_write(s->executor, &ctx, put_off_account, &r) == P_OK;
        }
    }
    if (deleted || refused) {
        log_write(
            refused ? LOG_WARN : LOG_INFO, "accounts were swept",
            LOG_STR("kind", kind == SIGN_UP_ANONYMOUS ? "anonymous, not used" : "never confirmed"),
            LOG_INT("deleted", deleted), LOG_INT("put_off", refused));
    }
    s->gone += r.n == ACCOUNTS ? BUSY_ROWS : 0;
    arena_free(&ctx.arena);
}

static void sweep_folders(const struct config *c)
{
    if (!*c->mail.smtp_host) {
        folder_trim(c->mail.dir, c->retention.outbox_files);
    }
    if (c->sms_in_folder) {
        folder_trim(c->sms.dir, c->retention.outbox_files);
    }
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
        sweep_accounts(s, SIGN_UP_UNCONFIRMED, s->ages.unconfirmed_us);
        sweep_accounts(s, SIGN_UP_ANONYMOUS, s->ages.anonymous_us);
        sweep_folders(s->config);
    }
    return NULL;
}

struct sweeper *sweeper_start(struct executor *executor, const struct clock *clock,
                              struct entropy *entropy, const struct config *c)
{
    struct sweeper *s = calloc(1, sizeof *s);
    if (!s) {
        log_die("out of memory");
    }
    s->executor = executor;
    s->clock = clock;
    s->entropy = entropy;
    s->config = c;
    s->ages = (struct sweep_ages){
        .timebox_us = c->sessions.timebox_us,
        .inactivity_us = c->sessions.inactivity_us,
        .code_us = c->mail.otp_exp_s * US_PER_S,
        .pause_us = c->mail.smtp_max_frequency_us > c->sms.max_frequency_us
                        ? c->mail.smtp_max_frequency_us
                        : c->sms.max_frequency_us,
        .audit_us = c->retention.audit_us,
        .unconfirmed_us = c->retention.unconfirmed_us,
        .anonymous_us = c->retention.anonymous_us,
    };
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

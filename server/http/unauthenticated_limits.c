/* unauthenticated_limits.c: see unauthenticated_limits.h. */
#include "http/unauthenticated_limits.h"

#include "base/ip_block.h"
#include "base/log.h"
#include "http/rate_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 65536 addresses and 32768 networks, 2.4 MB; of the log a quarter of that. */
static const int sets[RATE_TIERS] = { 8192, 4096 };
static const int log_sets[RATE_TIERS] = { 2048, 1024 };

#define HOUR_US (3600 * US_PER_S)
#define MINUTE_US (60 * US_PER_S)

enum { NETWORK_LINES = 10 }; /* a network may fill as much of the log as so many addresses */

struct unauthenticated_limits {
    struct rate_table *spent, *lines;
    int64_t most[SPENDS][RATE_TIERS];
    pthread_mutex_t lock; /* of what follows */
    int64_t left_out, told_at_us;
};

struct unauthenticated_limits *unauthenticated_limits_new(const struct config *c,
                                                          struct entropy *entropy)
{
    struct unauthenticated_limits *s = calloc(1, sizeof *s);
    if (!s) {
        log_die("out of memory");
    }
    s->spent = rate_table_new(sets, HOUR_US, entropy);
    s->lines = rate_table_new(log_sets, MINUTE_US, entropy);
    const int64_t most[SPENDS][RATE_TIERS] = {
        [SPEND_SIGN_UP] = { c->rates.address_signups, c->rates.network_signups },
        [SPEND_ANONYMOUS] = { c->rates.address_anonymous, c->rates.network_anonymous },
        [SPEND_MESSAGE] = { c->rates.address_messages, c->rates.network_messages },
        [SPEND_GUESS] = { c->rates.address_guesses, c->rates.network_guesses },
    };
    memcpy(s->most, most, sizeof most);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void unauthenticated_limits_free(struct unauthenticated_limits **unauthenticated_limits)
{
    struct unauthenticated_limits *s = unauthenticated_limits ? *unauthenticated_limits : NULL;
    if (s) {
        *unauthenticated_limits = NULL;
        rate_table_free(&s->spent);
        rate_table_free(&s->lines);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}

static enum spend spend_of(const struct call *call, enum limiter limiter)
{
    return limiter == LIMIT_ANONYMOUS ? SPEND_ANONYMOUS : call->route->spend;
}

static bool on_loopback(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

/* On this machine, and not for somebody else: as tests, probes and scripts are. */
static bool is_at_home(const struct call *call)
{
    return on_loopback(call->client.ip) && !call_header(call, "X-Forwarded-For") &&
           !call_header(call, "Sb-Forwarded-For");
}

static bool has_admin_key(const struct call *call)
{
    const struct principal *p = &call->principal;
    bool of_a_person = p->claims.session_id && *p->claims.session_id;
    return p->known && !of_a_person && p->claims.role &&
           list_has(&call->services->config->jwt.admin_roles, p->claims.role);
}

static void name_tiers(struct call *call, int what, struct rate_ask asks[RATE_TIERS])
{
    struct arena *arena = call->ctx.arena;
    asks[0].key = arena_printf(arena, "%d %s", what, ip_block(arena, call->client.ip));
    asks[1].key = arena_printf(arena, "%d %s", what, ip_neighbours(arena, call->client.ip));
}

enum problem unauthenticated_limits_check(struct call *call, enum limiter limiter)
{
    struct unauthenticated_limits *s = call->services->unauthenticated_limits;
    enum spend spend = spend_of(call, limiter);
    if (!s || spend == SPEND_NOTHING || call->rated || is_at_home(call) || has_admin_key(call)) {
        return P_OK;
    }
    struct rate_ask asks[RATE_TIERS] = { { NULL, s->most[spend][0] }, { NULL, s->most[spend][1] } };
    struct rate_left left;
    name_tiers(call, spend, asks);
    call->rated = true;
    bool allowed = rate_take(s->spent, asks, clock_steady_us(), &left);
    call->rate = (struct rate_shown){ left.limit, left.remaining, left.reset_s };
    call->ctx.retry_after_s = allowed ? call->ctx.retry_after_s : left.retry_s;
    return allowed ? P_OK : P_RATE_LIMITED;
}

/* Counts a line that is left out; says so once a minute. */
static void leave_out(struct unauthenticated_limits *s, const struct call *call, int64_t now_us)
{
    pthread_mutex_lock(&s->lock);
    int64_t n = ++s->left_out;
    bool tell = !s->told_at_us || now_us - s->told_at_us >= MINUTE_US;
    if (tell) {
        s->left_out = 0;
        s->told_at_us = now_us;
    }
    pthread_mutex_unlock(&s->lock);
    if (tell) {
        log_write(LOG_WARN, "a client sends so much that lines of its requests are left out",
                  LOG_STR("remote_addr", call->client.ip), LOG_INT("left_out", n),
                  LOG_STR("setting", "COUNTERSIGN_ACCESS_LOG_PER_ADDRESS"));
    }
}

bool unauthenticated_limits_may_log(struct call *call)
{
    struct unauthenticated_limits *s = call->services->unauthenticated_limits;
    int64_t most = call->services->config->log.address_lines;
    if (!s || !most || is_at_home(call)) {
        return true;
    }
    struct rate_ask asks[RATE_TIERS] = { { NULL, most }, { NULL, most * NETWORK_LINES } };
    struct rate_left left;
    int64_t now_us = clock_steady_us();
    name_tiers(call, SPEND_NOTHING, asks);
    bool allowed = rate_take(s->lines, asks, now_us, &left);
    if (!allowed) {
        leave_out(s, call, now_us);
    }
    return allowed;
}

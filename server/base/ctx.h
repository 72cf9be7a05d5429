/* ctx.h: what every layer sees of the request under way: its memory, its time, its random source,
 * and the details of its failure. */
#ifndef COUNTERSIGN_BASE_CTX_H
#define COUNTERSIGN_BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/problem.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct draws;
struct deferred;
struct request;

struct ctx {
    struct arena *arena;
    struct arena *lasting; /* of what outlives the transaction; NULL: arena does too */
    struct entropy *entropy;
    struct draws *draws;       /* base/draws.h; NULL: the request runs once, or tells nobody */
    int64_t now_us;            /* read once, when the request began */
    const char *request_id;    /* NULL: no request, but a thread of our own */
    struct deferred *deferred; /* of the transaction under way: base/deferred.h */
    struct request *request;   /* domain/request.h; NULL until it is first asked for */
    int reads, writes;         /* statements so far, for the log */
    /* of the failure that is being reported */
    const char *problem_arg;
    int problem_status; /* in place of the problem's own; 0: its own */
    int64_t retry_after_s;
};

/* Memory that lasts until the request is over, whatever `arena` is at the moment. */
static inline struct arena *ctx_lasting(const struct ctx *ctx)
{
    return ctx->lasting ? ctx->lasting : ctx->arena;
}

/* Returns problem, with arg for the "%s" of its text. */
static inline enum problem ctx_fail(struct ctx *ctx, enum problem problem, const char *arg)
{
    ctx->problem_arg = arg;
    return problem;
}

#endif

/* draws.h: random bytes by name. Every run of a request gets the same bytes under the same name,
 * whatever else that run draws: the code that went out is the code that is stored, and the id that
 * a hook was told is the id of the row. */
#ifndef COUNTERSIGN_BASE_DRAWS_H
#define COUNTERSIGN_BASE_DRAWS_H

#include "base/ctx.h"

struct draws {
    struct arena *arena;
    struct entropy *source;
    struct draw *first;
};

/* Fills *draws; it remembers in the arena, which is wiped at the request's end. */
void draws_start(struct draws *draws, struct arena *arena, struct entropy *source);

/* Before each run. */
void draws_again(struct draws *draws);

/* The random source of that name: the first byte drawn from it is the same in each run, and so is
 * the next. Without ctx->draws, which no request that runs once needs, it is ctx->entropy. */
struct entropy *ctx_draw(struct ctx *ctx, const char *name);

#endif

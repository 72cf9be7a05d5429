/* pipeline.h: the way of every request, from its header to its answer. */
#ifndef COUNTERSIGN_HTTP_PIPELINE_H
#define COUNTERSIGN_HTTP_PIPELINE_H

#include "http/render.h"
#include "http/router.h"

enum { BODY_LIMIT = 1 << 20 };

enum next {
    NEXT_ANSWER, /* nothing is left to do but pipeline_answer */
    NEXT_WRITE,  /* run pipeline_in_tx in a write transaction first */
    NEXT_SLOW,   /* run pipeline_on_pool on the hash pool first */
    NEXT_WORKER, /* call pipeline_go_on on a thread that may wait for the database */
};

/* Route, authenticate, authorise, limit, decode; and the handler, if it may run here. */
enum next pipeline_begin(struct call *call);

/* The rest of it, on such a thread: NEXT_ANSWER, or NEXT_SLOW. */
enum next pipeline_go_on(struct call *call);

/* All of it on the calling thread, which may wait: for callers without a listener. */
void pipeline_here(struct call *call);

/* The handler; arg is the call. Both of the forms that the executor takes. */
enum problem pipeline_in_tx(struct ctx *ctx, struct tx *tx, void *arg);
enum problem pipeline_on_pool(struct ctx *ctx, void *arg);

/* When the answer may leave at the earliest (steady clock), so that the time it takes does not tell
 * whether an account is there (rule S4); 0: at once. */
int64_t pipeline_due_us(struct call *call);

/* Renders the answer and writes the access log. */
void pipeline_answer(struct call *call, struct answer *out);

#endif

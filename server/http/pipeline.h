/* pipeline.h: the way of every request, from its header to its answer. */
#ifndef COUNTERSIGN_HTTP_PIPELINE_H
#define COUNTERSIGN_HTTP_PIPELINE_H

#include "http/render.h"
#include "http/router.h"

enum { BODY_LIMIT = 1 << 20 };

/* Route, authenticate, authorise, limit, decode; and the handler, if it may run here. Then the
 * first lane that the call goes on in; LANE_NONE: nothing is left to do but pipeline_answer. */
enum lane pipeline_begin(struct call *call);

/* The part that is due; arg is the call: the first form in LANE_WRITE, the second in all others. */
enum problem pipeline_in_tx(struct ctx *ctx, struct tx *tx, void *arg);
enum problem pipeline_alone(struct ctx *ctx, void *arg);

/* After a part ended so, and what it wrote is durable or undone: the next lane. Does not wait. */
enum lane pipeline_next(struct call *call, enum problem problem);

/* Is it a call of somebody who has not shown a token? Once it was routed. */
bool pipeline_is_unauthenticated(const struct call *call);

/* All of it on the calling thread, which may wait: for callers without a listener. */
void pipeline_here(struct call *call);

/* When the answer may leave at the earliest (steady clock), so that the time it takes does not tell
 * whether an account is there (rule S4); 0: at once. */
int64_t pipeline_due_us(struct call *call);

/* Renders the answer and writes the access log. */
void pipeline_answer(struct call *call, struct answer *out);

#endif

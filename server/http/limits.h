/* limits.h: request limits by key (accounts.md section 8; internals.md §10):
 * token buckets in memory, bounded in number. They act only where a key is known: the value of the
 * configured header, or the client's address where so set. */
#ifndef COUNTERSIGN_HTTP_LIMITS_H
#define COUNTERSIGN_HTTP_LIMITS_H

#include "http/router.h"

struct limits;

struct limits *limits_new(const struct config *config);
void limits_free(struct limits **limits);

/* P_RATE_LIMITED with ctx.retry_after_s. Every attempt counts, failing ones too. */
enum problem limits_check(struct call *call, enum limiter limiter) MUST_CHECK;

#endif

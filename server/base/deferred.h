/* deferred.h: log lines and counters of a transaction, which leave when it has ended. A transaction
 * may run several times; they leave once, after the last run. */
#ifndef COUNTERSIGN_BASE_DEFERRED_H
#define COUNTERSIGN_BASE_DEFERRED_H

#include "base/ctx.h"
#include "base/log.h"
#include "base/metrics.h"

enum deferred_when {
    DEFERRED_IF_COMMITTED, /* only if what it wrote is kept */
    DEFERRED_ALWAYS,       /* also if it ends with a problem and is rolled back */
};

/* The text stays; the fields are copied into the request's arena. */
void deferred_log(struct ctx *ctx, enum deferred_when when, enum log_level level, const char *text,
                  const struct log_field *fields, int n);

void deferred_count(struct ctx *ctx, enum deferred_when when, enum metric metric);

/* The same for a histogram. */
void deferred_observe(struct ctx *ctx, enum deferred_when when, enum metric metric, int64_t value);

/* For who runs transactions: forgets what is to be told, before each run; or tells it, after the
 * last. kept: it is committed. */
void deferred_discard(struct ctx *ctx);
void deferred_flush(struct ctx *ctx, bool kept);

#endif

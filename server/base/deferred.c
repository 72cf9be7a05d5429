/* deferred.c: a list of lines and counts, see deferred.h. */
#include "base/deferred.h"

#include <string.h>

struct deferred {
    enum deferred_when when;
    const char *text; /* of a line of the log; NULL: it is the metric's */
    enum log_level level;
    struct log_field *fields;
    int n;
    enum metric metric;
    bool observed;
    int64_t value;
    struct deferred *next;
};

static struct deferred *add(struct ctx *ctx, enum deferred_when when)
{
    struct deferred *l = ARENA_NEW(ctx_lasting(ctx), struct deferred), **end = &ctx->deferred;
    while (*end) {
        end = &(*end)->next;
    }
    *l = (struct deferred){ .when = when };
    *end = l;
    return l;
}

void deferred_log(struct ctx *ctx, enum deferred_when when, enum log_level level, const char *text,
                  const struct log_field *fields, int n)
{
    struct deferred *l = add(ctx, when);
    l->text = text;
    l->level = level;
    l->n = n;
    l->fields = arena_alloc(ctx_lasting(ctx), (size_t)n * sizeof *fields);
    for (int i = 0; i < n; i++) {
        l->fields[i] = fields[i];
        l->fields[i].text = arena_strdup(ctx_lasting(ctx), fields[i].text);
    }
}

void deferred_count(struct ctx *ctx, enum deferred_when when, enum metric metric)
{
    add(ctx, when)->metric = metric;
}

void deferred_observe(struct ctx *ctx, enum deferred_when when, enum metric metric, int64_t value)
{
    struct deferred *l = add(ctx, when);
    l->metric = metric;
    l->observed = true;
    l->value = value;
}

void deferred_discard(struct ctx *ctx)
{
    ctx->deferred = NULL;
}

void deferred_flush(struct ctx *ctx, bool kept)
{
    for (const struct deferred *l = ctx->deferred; l; l = l->next) {
        if (!kept && l->when == DEFERRED_IF_COMMITTED) {
            continue;
        }
        if (l->text) {
            log_line(l->level, l->text, l->fields, l->n);
        } else if (l->observed) {
            metric_observe(l->metric, l->value);
        } else {
            metric_count(l->metric);
        }
    }
    ctx->deferred = NULL;
}

/* later.c: a list of lines and counts, see later.h. */
#include "base/later.h"

#include <string.h>

struct later {
    enum later_when when;
    const char *text; /* of a line of the log; NULL: it is the metric's */
    enum log_level level;
    struct log_field *fields;
    int n;
    enum metric metric;
    bool observed;
    int64_t value;
    struct later *next;
};

static struct later *add(struct ctx *ctx, enum later_when when)
{
    struct later *l = ARENA_NEW(ctx->arena, struct later), **end = &ctx->later;
    while (*end) {
        end = &(*end)->next;
    }
    *l = (struct later){ .when = when };
    *end = l;
    return l;
}

void later_log(struct ctx *ctx, enum later_when when, enum log_level level, const char *text,
               const struct log_field *fields, int n)
{
    struct later *l = add(ctx, when);
    l->text = text;
    l->level = level;
    l->n = n;
    l->fields = arena_alloc(ctx->arena, (size_t)n * sizeof *fields);
    for (int i = 0; i < n; i++) {
        l->fields[i] = fields[i];
        l->fields[i].text = fields[i].text ? arena_strdup(ctx->arena, fields[i].text) : NULL;
    }
}

void later_count(struct ctx *ctx, enum later_when when, enum metric metric)
{
    add(ctx, when)->metric = metric;
}

void later_observe(struct ctx *ctx, enum later_when when, enum metric metric, int64_t value)
{
    struct later *l = add(ctx, when);
    l->metric = metric;
    l->observed = true;
    l->value = value;
}

void later_forget(struct ctx *ctx)
{
    ctx->later = NULL;
}

void later_tell(struct ctx *ctx, bool kept)
{
    for (const struct later *l = ctx->later; l; l = l->next) {
        if (!kept && l->when == LATER_KEPT) {
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
    ctx->later = NULL;
}

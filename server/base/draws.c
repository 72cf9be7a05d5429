/* draws.c: random bytes that are remembered by name, see draws.h. */
#include "base/draws.h"

#include <string.h>

struct draw {
    const char *name;
    struct entropy entropy;
    struct draws *draws;
    unsigned char *bytes;
    size_t len, room, at;
    struct draw *next;
};

static void fill(void *arg, void *out, size_t n)
{
    enum { ROOM = 64 };
    struct draw *d = arg;
    size_t known = d->len - d->at < n ? d->len - d->at : n;
    if (d->at + n > d->room) {
        size_t room = d->room * 2 + n + ROOM;
        unsigned char *grown = arena_alloc(d->draws->arena, room);
        if (d->len) {
            memcpy(grown, d->bytes, d->len);
        }
        d->bytes = grown;
        d->room = room;
    }
    if (known < n) {
        entropy_bytes(d->draws->source, d->bytes + d->len, n - known);
        d->len += n - known;
    }
    memcpy(out, d->bytes + d->at, n);
    d->at += n;
}

void draws_start(struct draws *draws, struct arena *arena, struct entropy *source)
{
    *draws = (struct draws){ .arena = arena, .source = source };
}

void draws_again(struct draws *draws)
{
    for (struct draw *d = draws->first; d; d = d->next) {
        d->at = 0;
    }
}

struct entropy *ctx_draw(struct ctx *ctx, const char *name)
{
    struct draws *draws = ctx->draws;
    if (!draws) {
        return ctx->entropy;
    }
    for (struct draw *d = draws->first; d; d = d->next) {
        if (strcmp(d->name, name) == 0) {
            return &d->entropy;
        }
    }
    struct draw *d = ARENA_NEW(draws->arena, struct draw);
    *d = (struct draw){
        .name = arena_strdup(draws->arena, name),
        .entropy = { .fill = fill, .arg = d },
        .draws = draws,
        .next = draws->first,
    };
    draws->first = d;
    return &d->entropy;
}

/* replay.c: remembers random bytes, see replay.h. */
#include "api/replay.h"

#include <string.h>

static void fill(void *arg, void *out, size_t n)
{
    struct replay *r = arg;
    size_t known = r->len - r->at < n ? r->len - r->at : n;
    if (r->len + n > r->room) {
        size_t room = r->room ? r->room * 2 + n : 1024 + n;
        unsigned char *grown = arena_alloc(r->arena, room);
        if (r->len) {
            memcpy(grown, r->bytes, r->len);
        }
        r->bytes = grown;
        r->room = room;
    }
    if (known < n) {
        entropy_bytes(r->source, r->bytes + r->len, n - known);
        r->len += n - known;
    }
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
}

void replay_start(struct replay *replay, struct arena *arena, struct entropy *source)
{
    *replay = (struct replay){
        .entropy = { .fill = fill, .arg = replay },
        .source = source,
        .arena = arena,
    };
}

void replay_again(struct replay *replay)
{
    replay->at = 0;
}

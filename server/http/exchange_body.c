/* exchange_body.c: the body of a request, collected within its bounds; see exchange.h. */
#include "base/log.h"
#include "http/exchange.h"
#include "http/pipeline.h"

#include <stdlib.h>
#include <string.h>

enum {
    SWALLOW_MAX = 16 << 20,      /* of a body too large so much is read before the answer */
    LARGE_BODY = 64 << 10,       /* nearly no request has more */
    LARGE_BODIES_MAX = 64 << 20, /* for those that have, all together: uploads that stop in the
                                  * middle must not take the machine's memory */
};

void exchange_drop_body(struct exchange *x)
{
    struct call *call = &x->call;
    if (call->body) {
        explicit_bzero(call->body, call->body_room);
        free(call->body);
        call->body = NULL;
        call->body_len = call->body_room = 0;
    }
}

void exchange_give_share(struct exchange *x)
{
    atomic_fetch_sub(&x->listener->large_bodies, x->large);
    x->large = 0;
}

/* Is there room for a body of so many bytes? */
static bool take_share(struct exchange *x, size_t room)
{
    size_t more = room > LARGE_BODY ? room - x->large : 0;
    if (atomic_fetch_add(&x->listener->large_bodies, more) + more > LARGE_BODIES_MAX) {
        atomic_fetch_sub(&x->listener->large_bodies, more);
        return false;
    }
    x->large += more;
    return true;
}

static bool grow(struct exchange *x, size_t len)
{
    struct call *call = &x->call;
    size_t room = call->body_room ? call->body_room : 1024;
    while (room < len) {
        room *= 2;
    }
    if (room == call->body_room) {
        return true;
    }
    if (!take_share(x, room)) {
        return false;
    }
    char *grown = calloc(1, room);
    if (!grown) {
        log_die("out of memory");
    }
    if (call->body) {
        memcpy(grown, call->body, call->body_len);
        explicit_bzero(call->body, call->body_room);
        free(call->body);
    }
    call->body = grown;
    call->body_room = room;
    return true;
}

enum MHD_Result exchange_collect(struct exchange *x, const char *data, size_t *len)
{
    struct call *call = &x->call;
    if (!x->refused && !call->body_too_large && call->body_len + *len > BODY_LIMIT) {
        call->body_too_large = true;
    } else if (!x->refused && !call->body_too_large && !grow(x, call->body_len + *len + 1)) {
        x->refused = true;
        call->problem = P_OVERLOADED;
        call->ctx.retry_after_s = 1;
    }
    if (x->refused || call->body_too_large) {
        exchange_drop_body(x);
        exchange_give_share(x);
        x->swallowed += *len;
        *len = 0;
        return x->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES;
    }
    memcpy(call->body + call->body_len, data, *len);
    call->body_len += *len;
    *len = 0;
    return MHD_YES;
}

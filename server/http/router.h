/* router.h: which row of routes.def a request is for. */
#ifndef COUNTERSIGN_HTTP_ROUTER_H
#define COUNTERSIGN_HTTP_ROUTER_H

#include "api/bodies.h"
#include "api/call.h"

enum rights { RIGHTS_NOBODY, RIGHTS_USER, RIGHTS_NAMED, RIGHTS_ADMIN, RIGHTS_ADMIN_OF };

enum limiter {
    LIMIT_NONE,
    LIMIT_SIGNUP,
    LIMIT_ANONYMOUS,
    LIMIT_TOKEN,
    LIMIT_USER,
    LIMIT_OTP,
    LIMIT_MAGIC_LINK,
    LIMIT_RECOVER,
    LIMIT_RESEND,
    LIMIT_TOKEN_VERIFY,
    LIMIT_CHALLENGE,
    LIMIT_VERIFY,
    LIMIT_COUNT
};

enum run { RUN_INLINE, RUN_READ, RUN_WRITE, RUN_SLOW };

/* Budgets of unauthenticated clients: http/unauthenticated_limits.h. */
enum spend { SPEND_NOTHING, SPEND_SIGN_UP, SPEND_ANONYMOUS, SPEND_MESSAGE, SPEND_GUESS, SPENDS };

enum route_flag {
    ROUTE_OPENLY = 1,      /* about an address, asked by anybody: answers leave in steps of time */
    ROUTE_BODY_FIRST = 2,  /* the body is read before the limiter, which depends on it */
    ROUTE_OWN_WORDS = 4,   /* a body that cannot be read has words of its own: rows W4, OT32 */
    ROUTE_QUIET = 8,       /* no line in the access log */
    ROUTE_SHOWS_TOKEN = 16 /* needs no bearer, and yet shows a token of somebody who signed in */
};

struct route {
    const char *method;  /* "ANY": all */
    const char *pattern; /* as in routes.def */
    const char *grant_type;
    handler_fn *handler; /* NULL: refusal */
    enum rights rights;
    enum limiter limiter;
    const struct body_shape *body;
    enum run run;
    enum spend spend;
    unsigned flags; /* enum route_flag */
    bool captcha;   /* row CP2 */
    enum problem refusal;
};

struct match {
    const struct route *route; /* NULL: none */
    enum rights group;         /* what the path's group asks of everybody (row W9) */
    enum problem problem;      /* why there is none */
    const char *allow;         /* methods of the path, for 405 */
};

/* Finds the route of call->method and call->path, and fills call->params. */
void route_find(struct call *call, struct match *out);

/* The rows, for tests and documentation. */
const struct route *route_rows(int *count);

#endif

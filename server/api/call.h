/* call.h: one request and its answer, as the pipeline and the handlers see it. Nothing here knows
 * of sockets: the listener and the tests fill it in alike. */
#ifndef COUNTERSIGN_API_CALL_H
#define COUNTERSIGN_API_CALL_H

#include "base/ctx.h"
#include "base/json.h"
#include "domain/claims.h"
#include "domain/message.h"
#include "domain/mfa.h"
#include "work/executor.h"

/* What the whole server shares; read-only after start. */
struct services {
    const struct config *config;
    struct realm realm;
    struct vault vault;
    struct clock clock;
    struct entropy entropy;
    struct executor *executor;
    struct limits *limits; /* http/limits.h */
    struct unauthenticated_limits
        *unauthenticated_limits; /* http/unauthenticated_limits.h; NULL: none are counted */
    const char *version;
    unsigned asks;                /* external_destinations(): a bit each of enum destination */
    struct outbox_worker *outbox; /* NULL: none runs */
};

/* Who asks, as the token says and the database confirms. */
struct principal {
    bool known, admin, is_user_admin; /* is_user_admin: of an admin's, it has a session (S10) */
    struct claims claims;
    struct user user;       /* of a user's token */
    struct uuid session_id; /* nil: none */
    const char *aal;        /* of the request, when it was authenticated; NULL: not asked for */
};

enum { REPLY_HEADERS = 16 };

/* What the answer says of a limit; limit 0: nothing. */
struct rate_shown {
    int64_t limit, remaining, reset_s;
};

struct call;

struct reply {
    int status;
    void (*view)(struct call *call, struct strbuf *out); /* NULL: no body */
    const void *data;                                    /* of the view */
    void (*on_problem)(struct call *call); /* answers a problem in another way; NULL: JSON */
    struct {
        const char *name, *value;
    } headers[REPLY_HEADERS];
    int n_headers, n_kept;     /* n_kept: from before the handler */
    const char *cache_control; /* NULL: no-store */
};

/* Other machines that a request may have to hear. Each has a queue and threads of its own, so that
 * one that hangs delays nobody who asks another. */
enum destination {
    TO_CAPTCHA,
    TO_BREACH,
    TO_PASSWORD_HOOK,
    TO_BEFORE_HOOK, /* before and after a user is created */
    TO_AFTER_HOOK,
    TO_SMS, /* the provider, or the hook in its place */
    TO_MAIL_HOOK,
    TO_MFA_HOOK,
    TO_TOKEN_HOOK,
    DESTINATIONS
};

/* Where a part of a call runs. */
enum lane {
    LANE_NONE,     /* nowhere: it is to be answered */
    LANE_WRITE,    /* in a write transaction */
    LANE_WORKER,   /* on a thread that may wait for the database */
    LANE_COMPUTE,  /* on the pool that computes */
    LANE_EXTERNAL, /* this and the following: on the pool that asks LANE_EXTERNAL + a destination */
};

enum param { PARAM_USER, PARAM_FACTOR, PARAM_IDENTITY, PARAM_COUNT };

struct route;

struct external_calls;

/* A part of a call, or a handler; in the transaction of its lane (NULL: in none). */
typedef enum problem handler_fn(struct call *call, struct tx *tx);

struct call {
    struct ctx ctx;
    struct services *services;
    const struct route *route;
    struct tx *tx;  /* all that the call does runs in it; NULL: in some of its own, one by one */
    enum lane lane; /* where it goes on: call_then() */
    handler_fn *then;
    enum problem (*settled)(struct call *call, enum problem problem); /* see call_settle() */
    struct external_calls *external;                                  /* external_write()'s own */
    enum problem (*after_breach)(struct call *call, enum problem problem); /* external_breach() */
    void *state;  /* of a handler that has more than one part */
    bool counted; /* by the limiter: not again when the transaction runs again */
    bool rated;   /* by unauthenticated_limits_check, likewise */
    struct rate_shown rate;
    /* the request */
    const char *method, *path, *query; /* path without the /auth/v1 in front; query raw, or "" */
    const char *(*header)(void *arg, const char *name);
    void *header_arg;
    const char *peer; /* address of the connection */
    char *body;
    size_t body_len, body_room;
    bool body_too_large;
    const char *params[PARAM_COUNT]; /* of the path, as text */
    struct uuid param_ids[PARAM_COUNT];
    const void *in; /* the decoded body: struct body_NAME */
    /* worked out */
    struct client client;
    struct principal principal;
    const char *audience;      /* row W13 */
    struct link_target target; /* see call_link_target; base NULL: not read yet */
    bool new_envelope;         /* mfa.md 2.3 */
    /* the answer */
    struct issued_session *issued; /* the session that is answered; NULL: none */
    enum problem problem;
    const char *refused_words; /* the text of P_DATABASE_REFUSED; NULL: the row's */
    struct reply reply;
    int64_t began_us; /* steady clock */
};

/* The call goes on there, when the part under way has ended with P_OK, which this returns. */
enum problem call_then(struct call *call, enum lane lane, handler_fn *fn);

/* Before a part runs, perhaps once more: forgets where it said that the call goes on. */
void call_begin_part(struct call *call);

/* After a part has ended, and what it wrote is durable or undone: the problem to answer. Only if
 * that is none the call may go on. */
enum problem call_settle(struct call *call, enum problem problem);

const char *call_header(const struct call *call, const char *name); /* NULL if not sent */

/* Names X-JWT-AUD another audience than the token's? Whether the header counts or not. */
bool call_wants_other_audience(const struct call *call);

/* A parameter of the query, decoded; NULL if absent. P_BAD_REQUEST_TEXT: no UTF-8, or a NUL. */
enum problem call_query(struct call *call, const char *name, const char **out) MUST_CHECK;

/* The n-th of a repeatable parameter; NULL if there are fewer. */
enum problem call_query_nth(struct call *call, const char *name, int n,
                            const char **out) MUST_CHECK;

/* Decodes in place: '+' and %XX. A '%' without two digits stays. Returns the length. */
size_t text_decode(char *text);

/* Where links made by this request lead, and where browsers are sent (rows RD1, ML3, W16). Read
 * once, by the pipeline before a transaction begins where the route makes links. */
struct link_target call_link_target(struct call *call);

/* The signed-in user who asks, with all that the rules want to know of the token. */
struct subject call_subject(const struct call *call);

/* Status and code of call->problem; its text, with its argument. */
int call_problem_status(const struct call *call);
const char *call_problem_code(const struct call *call);
const char *call_problem_text(struct call *call);

void reply_header(struct call *call, const char *name, const char *value);

/* As it was before the handler, whose transaction may have run before. */
void reply_restart(struct call *call);

/* A success with a body. */
enum problem reply_with(struct call *call, void (*view)(struct call *, struct strbuf *),
                        const void *data);
enum problem reply_empty_object(struct call *call);
enum problem reply_no_content(struct call *call);

#endif

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
    struct strangers *strangers; /* http/strangers.h; NULL: none are counted */
    const char *version;
    bool asks_outside; /* outside_needed() */
    struct outbox_worker *outbox; /* NULL: none runs */
};

/* Who asks, as the token says and the database confirms. */
struct principal {
    bool known, admin;
    struct claims claims;
    struct user user;          /* of a user's token */
    struct uuid session_id;    /* nil: none */
    const char *aal;           /* of the request, when it was authenticated; NULL: not asked for */
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
    int n_headers;
    const char *cache_control; /* NULL: no-store */
};

enum param { PARAM_USER, PARAM_FACTOR, PARAM_IDENTITY, PARAM_COUNT };

struct route;

struct call {
    struct ctx ctx;
    struct services *services;
    const struct route *route;
    struct tx *tx; /* all that the call does runs in it; NULL: in some of its own, one by one */
    bool moves;    /* it goes on on the hash pool */
    bool counted;  /* by the limiter: not again when the transaction runs again */
    bool rated;    /* by strangers_check, likewise */
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
    struct caller caller;
    struct principal principal;
    const char *audience; /* row W13 */
    bool new_envelope;    /* contract-mfa.md 2.3 */
    /* the answer */
    struct grant *grant; /* the session that is answered; NULL: none */
    enum problem problem;
    const char *refused_words; /* the text of P_DATABASE_REFUSED; NULL: the row's */
    struct reply reply;
    int64_t began_us; /* steady clock */
};

/* A handler runs in the transaction that its route asks for (NULL: in none). */
typedef enum problem handler_fn(struct call *call, struct tx *tx);

const char *call_header(const struct call *call, const char *name); /* NULL if not sent */

/* A parameter of the query, decoded; NULL if absent. P_BAD_REQUEST_TEXT: no UTF-8, or a NUL. */
enum problem call_query(struct call *call, const char *name, const char **out) MUST_CHECK;

/* The n-th of a repeatable parameter; NULL if there are fewer. */
enum problem call_query_nth(struct call *call, const char *name, int n,
                            const char **out) MUST_CHECK;

/* Where links made by this request lead, and where browsers are sent (rows RD1, ML3, W16). */
struct link_target call_link_target(struct call *call);

/* The signed-in user who asks, with all that the rules want to know of the token. */
struct holder call_holder(const struct call *call);

/* Status and code of call->problem; its text, with its argument. */
int call_problem_status(const struct call *call);
const char *call_problem_code(const struct call *call);
const char *call_problem_text(struct call *call);

void reply_header(struct call *call, const char *name, const char *value);

/* A success with a body. */
enum problem reply_with(struct call *call, void (*view)(struct call *, struct strbuf *),
                        const void *data);
enum problem reply_empty_object(struct call *call);
enum problem reply_no_content(struct call *call);

#endif

/* request.h: what a request collects on its way through the rules, for its answer and for the world
 * outside: who acts, what was asked elsewhere, and what is to be sent. */
#ifndef COUNTERSIGN_DOMAIN_REQUEST_H
#define COUNTERSIGN_DOMAIN_REQUEST_H

#include "base/ctx.h"

struct account;
struct outgoing;

/* Why a password is weak: bits of request.weak_reasons. */
enum weak_reason { WEAK_LENGTH = 1, WEAK_CHARACTERS = 2, WEAK_PWNED = 4 };

/* External calls that take time: bits of request.equal_time (rule S4). */
enum equal_time {
    EQUAL_TIME_CREATED = 1,
    EQUAL_TIME_ANNOUNCED = 2,
    EQUAL_TIME_MAIL = 4,
    EQUAL_TIME_SMS = 8,
    EQUAL_TIME_PASSWORD = 16
};

/* What the SMS provider must say about a code; code NULL: nothing. */
struct asked_code {
    const char *phone, *code;
    bool answered, right;
};

/* An attempt to verify a factor or a recovery code, as far as it came to a check. */
struct mfa_attempt {
    bool made, right;
    struct uuid factor_id; /* or of the set of recovery codes */
    const char *factor_type;
};

struct request {
    const char *admin_role, *admin_id; /* who acts as an admin; NULL: nobody, or no such claim */
    bool lists_recovery_codes;         /* the client understands them in a user's list of factors */
    /* passwords */
    unsigned weak_reasons;       /* of P_PASSWORD_WEAK */
    bool breach_asked, breached; /* the breach service was asked; it knows the password */
    const char *breach_of;       /* of P_BREACH_UNASKED: the password to ask about */
    /* external calls: api/external_calls.h */
    bool asks_mail, asks_sms;        /* collect messages in `outgoing`; leave the outbox alone */
    struct outgoing *outgoing;       /* messages to send: domain/outgoing.h */
    bool outbox_filled;              /* the outbox has work */
    const struct account *created;   /* an account that the request makes; NULL: none */
    const struct account *announced; /* the account that the after-creation hook hears of */
    struct asked_code asked;
    struct mfa_attempt attempt;
    const char *sms_id;  /* the provider's id of the SMS that was sent; NULL: none was */
    bool silent_sends;   /* the client must not learn whether a message could be sent (rule S4) */
    unsigned equal_time; /* enum equal_time: calls that this request saves, and waits for */
};

/* The request's own; made in its arena at the first call, all zero. */
__attribute__((returns_nonnull)) static inline struct request *request_of(struct ctx *ctx)
{
    if (!ctx->request) {
        ctx->request = ARENA_NEW(ctx_lasting(ctx), struct request);
    }
    return ctx->request;
}

/* Records that a proof was checked, for the hook that is told of it. */
static inline void request_attempt(struct ctx *ctx, const struct uuid *factor_id, const char *type,
                                   bool right)
{
    request_of(ctx)->attempt = (struct mfa_attempt){ true, right, *factor_id, type };
}

#endif

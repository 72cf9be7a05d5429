/* ctx.h: all that lower layers see of the request under way: its arena, its time, the random
 * source, and the details of the answer if it fails. */
#ifndef COUNTERSIGN_BASE_CTX_H
#define COUNTERSIGN_BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/problem.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct outgoing;

enum weak_reason { WEAK_LENGTH = 1, WEAK_CHARACTERS = 2, WEAK_PWNED = 4 };

/* What a request asks the world: in ctx.equal_time, what one like it would ask (rule S4). */
enum equal_time {
    EQUAL_TIME_CREATED = 1,
    EQUAL_TIME_ANNOUNCED = 2,
    EQUAL_TIME_MAIL = 4,
    EQUAL_TIME_SMS = 8,
    EQUAL_TIME_PASSWORD = 16
};

struct ctx {
    struct arena *arena;
    struct entropy *entropy;
    struct draws *draws;    /* base/draws.h; NULL: the request runs once, or nobody is told of it */
    int64_t now_us;         /* read once when the request began */
    const char *request_id; /* NULL: no request, but a thread of our own */
    const char *admin_role, *admin_id; /* who acts as an admin; NULL: nobody, or no such claim */
    bool lists_recovery_codes;         /* the client bears them in a user's list of factors */
    /* of the failure that is being reported */
    const char *problem_arg;
    int hook_status; /* of HOOK_ERROR: what the hook asked for */
    unsigned weak_reasons;
    bool breach_asked,
        breached;          /* the service of breached passwords was asked; knows the password */
    const char *breach_of; /* P_BREACH_UNASKED: the password to ask about */
    int64_t retry_after_s;
    /* what the request sends to the world: domain/outgoing.h */
    struct outgoing *outgoing;
    const void *created;       /* struct account of an account that the request makes; NULL: none */
    const void *announced;     /* the one whose making is told of afterwards; NULL: none */
    struct deferred *deferred; /* of the transaction under way: base/deferred.h */
    bool outbox_filled;        /* something waits in the outbox now */
    bool asks;                 /* whoever must hear of it is asked first: api/external_calls.h */
    bool asks_mail,
        asks_sms; /* so, about what is to be sent: it is collected, and nothing for the outbox */
    struct asked_code { /* what the SMS provider must say about a code; code NULL: nothing */
        const char *phone, *code;
        bool answered, right;
    } asked;
    struct mfa_attempt { /* on a factor, or on recovery codes, as far as it came to a check */
        bool made, right;
        struct uuid factor_id; /* or of the set of codes */
        const char *factor_type;
    } attempt;
    const char *sms_id; /* what the provider calls the SMS that went out; NULL: nothing */
    bool silent_sends;  /* who asks must not learn whether a message could be sent (rule S4) */
    unsigned
        equal_time;    /* enum alike: what others like this ask the world, and this one does not */
    int reads, writes; /* statements so far, for the log */
};

/* Notes that a proof was checked, for who must hear of it. */
static inline void ctx_attempt(struct ctx *ctx, const struct uuid *factor_id, const char *type,
                               bool right)
{
    ctx->attempt = (struct mfa_attempt){ true, right, *factor_id, type };
}

/* Returns problem, with arg for the "%s" of its text. */
static inline enum problem ctx_fail(struct ctx *ctx, enum problem problem, const char *arg)
{
    ctx->problem_arg = arg;
    return problem;
}

#endif

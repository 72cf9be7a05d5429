/* outside.c: run first, ask the world, run for good; see outside.h. Between two questions the call
 * moves to the pool of the next one's destination. */
#include "api/outside.h"

#include "api/hooks.h"
#include "api/replay.h"
#include "base/log.h"
#include "deliver/sender.h"
#include "domain/session.h"

#include <string.h>

/* What is asked, in this order, and the run for good among it. */
enum stage { CODE, BEFORE, MFA, SEND, TOKEN, FOR_GOOD, AFTER, TELL, WRONG, END };

struct outside {
    tx_fn *fn;
    void *arg;
    enum stage stage;
    struct replay replay;
    enum problem first;          /* of the first run */
    const struct outgoing *next; /* the message to send */
    const char *claims;          /* a hook's */
};

unsigned outside_destinations(const struct config *c)
{
    bool sms = c->hook_send_sms_on || sms_setup(c) != SMS_FOLDER;
    return (unsigned)c->captcha_on << TO_CAPTCHA | (unsigned)c->hibp_on << TO_BREACH |
           (unsigned)c->hook_password_verification_attempt_on << TO_PASSWORD_HOOK |
           (unsigned)c->hook_before_user_created_on << TO_BEFORE_HOOK |
           (unsigned)c->hook_after_user_created_on << TO_AFTER_HOOK | (unsigned)sms << TO_SMS |
           (unsigned)c->hook_send_email_on << TO_MAIL_HOOK |
           (unsigned)c->hook_mfa_verification_attempt_on << TO_MFA_HOOK |
           (unsigned)c->hook_custom_access_token_on << TO_TOKEN_HOOK;
}

/* Who is asked elsewhere, and not about what a write did. */
#define BY_OTHERS (1U << TO_CAPTCHA | 1U << TO_BREACH | 1U << TO_PASSWORD_HOOK)

static bool may_ask(const struct call *call, enum destination to)
{
    return call->services->asks & 1U << to;
}

/* Whom the messages are about, as the request leaves them. */
static void load_persons(struct tx *tx, struct outgoing *list)
{
    for (struct outgoing *o = list; o; o = o->next) {
        struct person *person = ARENA_NEW(tx->ctx->arena, struct person);
        if (user_by_id(tx, o->mail ? &o->mail->user_id : &o->sms->user_id, &person->user)) {
            person_load(tx, person);
            o->person = person;
        }
    }
}

/* Is there anything that the world must be asked about what the request did so far? */
static bool must_ask(const struct call *call)
{
    const struct ctx *ctx = &call->ctx;
    return ctx->outgoing || ctx->asked.code || (ctx->created && may_ask(call, TO_BEFORE_HOOK)) ||
           (ctx->announced && may_ask(call, TO_AFTER_HOOK)) ||
           (ctx->attempt.made && may_ask(call, TO_MFA_HOOK)) ||
           (call->grant && may_ask(call, TO_TOKEN_HOOK));
}

static enum problem send_one_sms(struct call *call, const struct outgoing *item)
{
    bool handled;
    const char *error = NULL;
    bool for_good;
    bool factor = strcmp(item->sms->kind, "mfa") == 0;
    enum problem problem = hook_send_sms(call, item, &handled);
    if (problem && factor) {
        return P_PHONE_CODE_HOOK;
    }
    if (problem || handled || sms_setup(call->services->config) == SMS_FOLDER) {
        return problem;
    }
    if (send_sms(call->services->config, call->ctx.arena, item->sms, &call->ctx.sms_id, &error,
                 &for_good)) {
        return P_OK;
    }
    if (factor) {
        log_write(LOG_WARN, "a code to a phone factor could not be sent",
                  LOG_STR("reason", error ? error : "no answer"));
        return P_PHONE_CODE_NOT_SENT;
    }
    if (call->ctx.silent_sends) {
        log_write(LOG_WARN, "a code by SMS could not be sent",
                  LOG_STR("reason", error ? error : "no answer"));
    }
    return ctx_fail(&call->ctx, P_SMS_FAILED,
                    arena_printf(call->ctx.arena, "%s OTP to provider: %s", item->sms->kind,
                                 error ? error : "no answer"));
}

/* The failure of a notice, or of anything about a request that has failed, is only in the log. */
static enum problem send_next(struct call *call)
{
    struct outside *o = call->outside;
    const struct outgoing *item = o->next;
    const char *arg = call->ctx.problem_arg;
    bool handled;
    o->next = item->next;
    enum problem problem = item->sms ? send_one_sms(call, item)
                                     : hook_send_email(call, call->ctx.outgoing, item, &handled);
    if (problem && (o->stage == TELL || call->ctx.silent_sends || (item->mail && mail_is_notice(item->mail->kind)))) {
        call->ctx.problem_arg = arg;
        problem = P_OK;
    }
    return problem;
}

static enum problem end_sessions(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    (void)ctx;
    sessions_delete(tx, &call->principal.user.id, NULL);
    return P_OK;
}

/* Row V12: told of right and wrong proofs alike; a rejection ends every session of the user. */
static enum problem ask_about_mfa(struct call *call)
{
    const struct mfa_attempt *attempt = &call->ctx.attempt;
    enum problem problem =
        hook_mfa_attempt(call, &attempt->factor_id, attempt->factor_type, attempt->right);
    if (problem != P_MFA_REJECTED) {
        return problem;
    }
    enum problem ended =
        exec_write(call->services->executor, &call->ctx, end_sessions, call);
    return ended ? ended : problem;
}

/* The SMS provider's word on a code that it made; no word is a no. */
static bool code_is_right(struct call *call)
{
    struct asked_code *asked = &call->ctx.asked;
    const char *error = NULL;
    if (!asked->code) {
        return true;
    }
    if (!sms_check(call->services->config, call->ctx.arena, asked->phone, asked->code,
                   &asked->right, &error)) {
        asked->right = false;
        log_write(LOG_WARN, "the SMS provider could not check a code", LOG_STR("reason", error));
    }
    return asked->right;
}

/* Whom the stage asks; DESTINATIONS: nobody. */
static enum destination asked_by(struct call *call, enum stage stage)
{
    const struct outside *o = call->outside;
    const struct ctx *ctx = &call->ctx;
    switch (stage) {
    case CODE:
        return ctx->asked.code ? TO_SMS : DESTINATIONS;
    case BEFORE:
        return ctx->created ? TO_BEFORE_HOOK : DESTINATIONS;
    case MFA:
    case WRONG:
        return ctx->attempt.made ? TO_MFA_HOOK : DESTINATIONS;
    case SEND:
    case TELL:
        return !o->next ? DESTINATIONS : o->next->sms ? TO_SMS : TO_MAIL_HOOK;
    case TOKEN:
        return call->grant ? TO_TOKEN_HOOK : DESTINATIONS;
    case AFTER:
        return ctx->announced ? TO_AFTER_HOOK : DESTINATIONS;
    default:
        return DESTINATIONS;
    }
}

/* The stage's question; what comes next. */
static enum problem ask(struct call *call)
{
    struct outside *o = call->outside;
    enum problem problem;
    switch (o->stage++) {
    case CODE:
        o->stage = code_is_right(call) ? BEFORE : FOR_GOOD; /* for good, so that it is counted */
        return P_OK;
    case BEFORE:
        return hook_before_user_created(call, call->ctx.created);
    case MFA:
    case WRONG:
        return ask_about_mfa(call);
    case SEND:
    case TELL:
        o->stage--; /* there may be another */
        return send_next(call);
    case TOKEN:
        problem = hook_access_token(call, call->grant);
        o->claims = call->grant->hook_claims;
        return problem;
    case AFTER:
        o->stage = END;
        return hook_after_user_created(call, call->ctx.announced);
    default:
        return P_OK;
    }
}

static enum problem run_for_good(struct call *call, struct tx *tx);
static enum problem ask_and_go_on(struct call *call, struct tx *tx);

/* To the next stage that has something to do; after the last, to the answer. */
static enum problem go_on(struct call *call)
{
    struct outside *o = call->outside;
    while (o->stage != END) {
        enum destination to = asked_by(call, o->stage);
        if (o->stage == FOR_GOOD) {
            return call_then(call, LANE_WRITE, run_for_good);
        }
        if (to != DESTINATIONS && may_ask(call, to)) {
            return call_then(call, LANE_WAIT + (enum lane)to, ask_and_go_on);
        }
        bool skipped = (o->stage == SEND || o->stage == TELL) && o->next;
        o->next = skipped ? o->next->next : o->next; /* nobody is asked: it is for the outbox */
        o->stage = skipped ? o->stage : o->stage == AFTER ? END : o->stage + 1;
    }
    return o->first == P_REHEARSED ? P_OK : o->first;
}

static enum problem ask_and_go_on(struct call *call, struct tx *tx)
{
    (void)tx;
    enum problem problem = ask(call);
    return problem ? problem : go_on(call);
}

/* --- the two runs --- */

/* With the random numbers of the request, from the first on. */
static enum problem run_with(struct call *call, struct tx *tx)
{
    struct outside *o = call->outside;
    replay_again(&o->replay);
    reply_restart(call);
    call->grant = NULL;
    call->ctx.entropy = &o->replay.entropy;
    enum problem problem = o->fn(&call->ctx, tx, o->arg);
    call->ctx.entropy = o->replay.source;
    return problem;
}

static enum problem after_good_run(struct call *call, enum problem problem)
{
    struct outside *o = call->outside;
    if (problem && call->ctx.asked.code && !call->ctx.asked.right) {
        o->first = problem; /* only the provider was asked: the hook has not heard of it */
        o->stage = WRONG;
        return go_on(call);
    }
    if (problem) {
        return problem;
    }
    if (call->grant) {
        call->grant->hook_claims = o->claims;
    }
    o->stage = AFTER;
    return go_on(call);
}

/* Once more, and now it counts. */
static enum problem run_for_good(struct call *call, struct tx *tx)
{
    call->settled = after_good_run;
    call->ctx.mail_sent = may_ask(call, TO_MAIL_HOOK);
    call->ctx.sms_sent = may_ask(call, TO_SMS);
    return run_with(call, tx);
}

static enum problem after_first_run(struct call *call, enum problem problem)
{
    struct outside *o = call->outside;
    if (!problem || problem != o->first) {
        return problem; /* it has counted; or the transaction itself failed */
    }
    o->next = call->ctx.outgoing;
    o->stage = problem == P_REHEARSED ? CODE : TELL;
    return go_on(call);
}

/* A success that the world has no say in counts at once, and a failure stands as it is, with what
 * it keeps, and what it then wants to send is only notices; any other success is rolled back. */
static enum problem run_first(struct call *call, struct tx *tx)
{
    struct outside *o = call->outside;
    struct ctx *ctx = &call->ctx;
    call->settled = after_first_run;
    ctx->outgoing = NULL;
    ctx->created = ctx->announced = NULL;
    ctx->asked = (struct asked_code){ 0 };
    ctx->attempt = (struct mfa_attempt){ 0 };
    ctx->rehearsing = true;
    o->first = run_with(call, tx);
    ctx->rehearsing = false;
    if (o->first && !tx->keep) {
        ctx->outgoing = NULL;
    }
    load_persons(tx, ctx->outgoing);
    if (!o->first && must_ask(call)) {
        tx->keep = false;
        o->first = P_REHEARSED;
    }
    return o->first;
}

static enum problem run_once(struct call *call, struct tx *tx)
{
    reply_restart(call);
    return call->outside->fn(&call->ctx, tx, call->outside->arg);
}

enum problem call_write(struct call *call, tx_fn *fn, void *arg)
{
    struct outside *o = ARENA_NEW(call->ctx.arena, struct outside);
    *o = (struct outside){ .fn = fn, .arg = arg };
    call->outside = o;
    return call_then(call, LANE_WRITE, run_once);
}

enum problem outside_write(struct call *call, tx_fn *fn, void *arg)
{
    enum problem none = call_write(call, fn, arg);
    if (none || !(call->services->asks & ~BY_OTHERS)) {
        return none;
    }
    struct outside *o = call->outside;
    replay_start(&o->replay, call->ctx.arena, call->ctx.entropy);
    return call_then(call, LANE_WRITE, run_first);
}

/* --- breached passwords --- */

static enum problem ask_breach(struct call *call, struct tx *tx)
{
    struct ctx *ctx = &call->ctx;
    const struct realm *realm = &call->services->realm;
    (void)tx;
    ctx->breach_asked = true;
    enum problem problem =
        realm->ask_breach(realm->config, ctx, ctx->breach_of, &ctx->breached);
    return call->after_breach(call, problem);
}

enum problem outside_breach(struct call *call, enum problem (*then)(struct call *, enum problem))
{
    call->after_breach = then;
    return call_then(call, LANE_WAIT + (enum lane)TO_BREACH, ask_breach);
}

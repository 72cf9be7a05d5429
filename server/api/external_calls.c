/* external_calls.c: run, ask the world what is not answered yet, run again; see external_calls.h.
 * Between two questions the call moves to the pool of the next one's destination. */
#include "api/external_calls.h"

#include "api/hooks.h"
#include "base/draws.h"
#include "base/deferred.h"
#include "deliver/sender.h"
#include "domain/session.h"
#include "domain/request.h"

#include <string.h>

/* What is asked, in this order; a run may come to different questions than the one before. */
enum stage { CODE, BEFORE, MFA, SEND, TOKEN, RUN_AGAIN, AFTER, TELL, WRONG, END };

enum { RUNS_MOST = 4 };

/* A question that was asked, as text. */
struct asked {
    const char *question;
    struct asked *next;
};

struct external_calls {
    tx_fn *fn;
    void *arg;
    enum stage stage;
    struct draws draws;
    struct asked *asked;
    int runs;
    enum problem result;         /* of the last run */
    const struct outgoing *next; /* the message to send */
    const char *claims;          /* a hook's */
};

unsigned external_destinations(const struct config *c)
{
    bool sms = c->hooks.send_sms_on || sms_setup(c) != SMS_FOLDER;
    return (unsigned)c->captcha.on << TO_CAPTCHA | (unsigned)c->passwords.hibp_on << TO_BREACH |
           (unsigned)c->hooks.password_verification_attempt_on << TO_PASSWORD_HOOK |
           (unsigned)c->hooks.before_user_created_on << TO_BEFORE_HOOK |
           (unsigned)c->hooks.after_user_created_on << TO_AFTER_HOOK | (unsigned)sms << TO_SMS |
           (unsigned)c->hooks.send_email_on << TO_MAIL_HOOK |
           (unsigned)c->hooks.mfa_verification_attempt_on << TO_MFA_HOOK |
           (unsigned)c->hooks.custom_access_token_on << TO_TOKEN_HOOK;
}

/* Who is asked elsewhere, and not about what a write did. */
#define BY_OTHERS (1U << TO_CAPTCHA | 1U << TO_BREACH | 1U << TO_PASSWORD_HOOK)

static bool may_ask(const struct call *call, enum destination to)
{
    return call->services->asks & 1U << to;
}

/* Whom the messages are about, as the request leaves them. */
static void load_accounts(struct tx *tx, struct outgoing *list)
{
    for (struct outgoing *o = list; o; o = o->next) {
        struct account *account = ARENA_NEW(tx->ctx->arena, struct account);
        if (user_by_id(tx, o->mail ? &o->mail->user_id : &o->sms->user_id, &account->user)) {
            account_load(tx, account);
            o->account = account;
        }
    }
}

/* --- the questions --- */

static const char *about_account(struct call *call, const char *what, const struct account *account)
{
    char id[UUID_TEXT];
    const struct user *u = &account->user;
    return arena_printf(call->ctx.arena, "%s %s %s %s", what, uuid_format(&u->id, id),
                        u->email ? u->email : "", u->phone ? u->phone : "");
}

static const char *about_message(struct call *call, const struct outgoing *item)
{
    struct arena *arena = call->ctx.arena;
    return item->sms ? sms_to_json(arena, item->sms) : mail_to_json(arena, item->mail);
}

static const char *about_attempt(struct call *call)
{
    char id[UUID_TEXT];
    const struct mfa_attempt *a = &request_of(&call->ctx)->attempt;
    return arena_printf(call->ctx.arena, "%s %s", a->right ? "right" : "wrong",
                        uuid_format(&a->factor_id, id));
}

/* Whom the stage asks, and what (NULL: as often as it comes to that); DESTINATIONS: nobody. */
static enum destination asked_by(struct call *call, enum stage stage, const struct outgoing *item,
                                 const char **question)
{
    const struct request *r = request_of(&call->ctx);
    int64_t expires_at_s;
    enum destination to = DESTINATIONS;
    if (stage == CODE && r->asked.code) {
        *question = NULL;
        to = r->asked.answered ? DESTINATIONS : TO_SMS;
    } else if (stage == BEFORE && r->created) {
        *question = about_account(call, "before", r->created);
        to = TO_BEFORE_HOOK;
    } else if ((stage == MFA || stage == WRONG) && r->attempt.made) {
        *question = about_attempt(call);
        to = TO_MFA_HOOK;
    } else if ((stage == SEND || stage == TELL) && item) {
        *question = about_message(call, item);
        to = item->sms ? TO_SMS : TO_MAIL_HOOK;
    } else if (stage == TOKEN && call->issued && may_ask(call, TO_TOKEN_HOOK)) {
        *question = claims_text(&call->services->realm, &call->ctx, call->issued, &expires_at_s);
        to = TO_TOKEN_HOOK;
    } else if (stage == AFTER && r->announced) {
        *question = about_account(call, "after", r->announced);
        to = TO_AFTER_HOOK;
    }
    return to != DESTINATIONS && may_ask(call, to) ? to : DESTINATIONS;
}

static bool was_asked(const struct external_calls *o, const char *question)
{
    for (const struct asked *a = o->asked; a; a = a->next) {
        if (question && strcmp(a->question, question) == 0) {
            return true;
        }
    }
    return false;
}

static void note_asked(struct call *call, const char *question)
{
    struct external_calls *o = call->external;
    struct asked *a = ARENA_NEW(call->ctx.arena, struct asked);
    *a = (struct asked){ question, o->asked };
    o->asked = question ? a : o->asked;
}

/* Asks the stage somebody what was not asked yet? */
static enum destination open_question(struct call *call, enum stage stage,
                                      const struct outgoing *item, const char **question)
{
    enum destination to = asked_by(call, stage, item, question);
    return to != DESTINATIONS && !was_asked(call->external, *question) ? to : DESTINATIONS;
}

/* Before what a run did counts: must the world be asked about any of it? */
static bool must_ask(struct call *call)
{
    const char *question;
    for (const struct outgoing *item = request_of(&call->ctx)->outgoing; item; item = item->next) {
        if (open_question(call, SEND, item, &question) != DESTINATIONS) {
            return true;
        }
    }
    return open_question(call, CODE, NULL, &question) != DESTINATIONS ||
           open_question(call, BEFORE, NULL, &question) != DESTINATIONS ||
           open_question(call, MFA, NULL, &question) != DESTINATIONS ||
           open_question(call, TOKEN, NULL, &question) != DESTINATIONS;
}

/* --- the answers --- */

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
    if (send_sms(call->services->config, call->ctx.arena, item->sms,
                 &request_of(&call->ctx)->sms_id, &error, &for_good)) {
        return P_OK;
    }
    if (factor) {
        log_write(LOG_WARN, "a code to a phone factor could not be sent",
                  LOG_STR("reason", error ? error : "no answer"));
        return P_PHONE_CODE_NOT_SENT;
    }
    if (request_of(&call->ctx)->silent_sends) {
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
    struct external_calls *o = call->external;
    const struct outgoing *item = o->next;
    const char *arg = call->ctx.problem_arg;
    bool handled;
    enum problem problem =
        item->sms ? send_one_sms(call, item)
                  : hook_send_email(call, request_of(&call->ctx)->outgoing, item, &handled);
    bool notice = item->mail && mail_is_notice(item->mail->kind);
    if (problem && (o->stage == TELL || request_of(&call->ctx)->silent_sends || notice)) {
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
    const struct mfa_attempt *attempt = &request_of(&call->ctx)->attempt;
    enum problem problem =
        hook_mfa_attempt(call, &attempt->factor_id, attempt->factor_type, attempt->right);
    if (problem != P_MFA_REJECTED) {
        return problem;
    }
    enum problem ended = exec_write(call->services->executor, &call->ctx, end_sessions, call);
    return ended ? ended : problem;
}

/* The SMS provider's word on a code that it made; no word is a no. */
static void ask_about_code(struct call *call)
{
    struct asked_code *asked = &request_of(&call->ctx)->asked;
    const char *error = NULL;
    if (!sms_check(call->services->config, call->ctx.arena, asked->phone, asked->code,
                   &asked->right, &error)) {
        asked->right = false;
        log_write(LOG_WARN, "the SMS provider could not check a code", LOG_STR("reason", error));
    }
    asked->answered = true;
}

static enum problem ask(struct call *call)
{
    struct external_calls *o = call->external;
    enum problem problem;
    switch (o->stage) {
    case CODE:
        ask_about_code(call);
        o->stage = request_of(&call->ctx)->asked.right
                       ? BEFORE
                       : RUN_AGAIN; /* a wrong one is only counted */
        return P_OK;
    case BEFORE:
        return hook_before_user_created(call, request_of(&call->ctx)->created);
    case MFA:
    case WRONG:
        return ask_about_mfa(call);
    case SEND:
    case TELL:
        return send_next(call);
    case TOKEN:
        problem = hook_access_token(call, call->issued);
        o->claims = call->issued->hook_claims;
        return problem;
    case AFTER:
        return hook_after_user_created(call, request_of(&call->ctx)->announced);
    default:
        return P_OK;
    }
}

static enum problem run(struct call *call, struct tx *tx);
static enum problem ask_and_go_on(struct call *call, struct tx *tx);

static bool has_messages(const struct external_calls *o)
{
    return (o->stage == SEND || o->stage == TELL) && o->next;
}

/* To the next stage that has something to ask; after the last, to the answer. */
static enum problem go_on(struct call *call)
{
    struct external_calls *o = call->external;
    const char *question;
    while (o->stage != END) {
        if (o->stage == RUN_AGAIN) {
            o->runs++;
            return call_then(call, LANE_WRITE, run);
        }
        enum destination to = open_question(call, o->stage, o->next, &question);
        if (to != DESTINATIONS) {
            return call_then(call, LANE_EXTERNAL + (enum lane)to, ask_and_go_on);
        }
        bool more = has_messages(o);
        o->next = more ? o->next->next : o->next;
        o->stage = more ? o->stage : o->stage == AFTER ? END : o->stage + 1;
    }
    return o->result;
}

static enum problem ask_and_go_on(struct call *call, struct tx *tx)
{
    struct external_calls *o = call->external;
    const char *question = NULL;
    (void)tx;
    asked_by(call, o->stage, o->next, &question);
    note_asked(call, question);
    enum problem problem = ask(call);
    return problem ? problem : go_on(call);
}

/* --- the runs --- */

static enum problem after_run(struct call *call, enum problem problem)
{
    struct external_calls *o = call->external;
    if (problem != o->result) {
        return problem; /* the transaction itself failed */
    }
    if (!problem && call->issued) {
        call->issued->hook_claims = o->claims;
    }
    o->next = request_of(&call->ctx)->outgoing;
    o->stage = problem == P_ASK_FIRST ? CODE : problem ? TELL : AFTER;
    return go_on(call);
}

/* With the named draws of the request, from the first on. */
static enum problem run_body(struct call *call, struct tx *tx)
{
    struct external_calls *o = call->external;
    struct ctx *ctx = &call->ctx;
    struct request *r = request_of(ctx);
    draws_again(&o->draws);
    reply_restart(call);
    call->issued = NULL;
    r->outgoing = NULL;
    r->created = r->announced = NULL;
    r->attempt = (struct mfa_attempt){ 0 };
    ctx->draws = &o->draws;
    tx->provisional = true;
    r->asks_mail = may_ask(call, TO_MAIL_HOOK);
    r->asks_sms = may_ask(call, TO_SMS);
    enum problem problem = o->fn(ctx, tx, o->arg);
    tx->provisional = r->asks_mail = r->asks_sms = false;
    ctx->draws = NULL;
    return problem;
}

/* A success about which nobody is left to be asked counts, and a failure stands as it is, with what
 * it keeps, and what it then wants to send is only notices; any other success is rolled back. It
 * may be another one each time, as others change the same rows meanwhile. */
static enum problem run(struct call *call, struct tx *tx)
{
    struct external_calls *o = call->external;
    struct ctx *ctx = &call->ctx;
    struct request *r = request_of(ctx);
    call->settled = after_run;
    o->result = run_body(call, tx);
    if (o->result && !tx->keep) {
        r->outgoing = NULL;
    }
    load_accounts(tx, r->outgoing);
    if (!o->result && must_ask(call)) {
        tx->keep = false;
        deferred_discard(ctx);
        o->result = o->runs < RUNS_MOST ? P_ASK_FIRST : P_DATABASE_BUSY;
    }
    return o->result;
}

static enum problem run_once(struct call *call, struct tx *tx)
{
    reply_restart(call);
    return call->external->fn(&call->ctx, tx, call->external->arg);
}

enum problem call_write(struct call *call, tx_fn *fn, void *arg)
{
    struct external_calls *o = ARENA_NEW(call->ctx.arena, struct external_calls);
    *o = (struct external_calls){ .fn = fn, .arg = arg };
    call->external = o;
    return call_then(call, LANE_WRITE, run_once);
}

enum problem external_write(struct call *call, tx_fn *fn, void *arg)
{
    enum problem none = call_write(call, fn, arg);
    if (none || !(call->services->asks & ~BY_OTHERS)) {
        return none;
    }
    struct external_calls *o = call->external;
    draws_start(&o->draws, call->ctx.arena, call->ctx.entropy);
    return call_then(call, LANE_WRITE, run);
}

/* --- breached passwords --- */

static enum problem ask_breach(struct call *call, struct tx *tx)
{
    struct ctx *ctx = &call->ctx;
    const struct realm *realm = &call->services->realm;
    (void)tx;
    struct request *r = request_of(ctx);
    r->breach_asked = true;
    enum problem problem = realm->ask_breach(realm->config, ctx, r->breach_of, &r->breached);
    return call->after_breach(call, problem);
}

enum problem external_breach(struct call *call, enum problem (*then)(struct call *, enum problem))
{
    call->after_breach = then;
    return call_then(call, LANE_EXTERNAL + (enum lane)TO_BREACH, ask_breach);
}

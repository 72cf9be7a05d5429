/* outside.c: rehearse, ask the world, run for good; see outside.h. */
#include "api/outside.h"

#include "api/hooks.h"
#include "api/replay.h"
#include "base/log.h"
#include "deliver/sender.h"
#include "domain/session.h"

#include <string.h>

struct rehearsal {
    struct call *call;
    bool mfa; /* the request checks a factor's code */
    tx_fn *fn;
    void *arg;
};

bool outside_needed(const struct config *c)
{
    return c->hook_before_user_created_on || c->hook_after_user_created_on ||
           c->hook_send_sms_on || c->hook_send_email_on || c->hook_custom_access_token_on ||
           c->hook_mfa_verification_attempt_on || sms_setup(c) != SMS_FOLDER;
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
static bool must_ask(const struct rehearsal *r)
{
    const struct call *call = r->call;
    const struct config *c = call->services->config;
    const struct ctx *ctx = &call->ctx;
    return ctx->outgoing || ctx->asked.code ||
           (ctx->created && c->hook_before_user_created_on) ||
           (ctx->announced && c->hook_after_user_created_on) ||
           (call->grant && (c->hook_custom_access_token_on ||
                            (r->mfa && c->hook_mfa_verification_attempt_on)));
}

/* A success that the world has no say in counts at once, and a failure stands as it is, with what
 * it keeps, and what it then wants to send is only notices; any other success is rolled back. */
static enum problem rehearse(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct rehearsal *r = arg;
    ctx->outgoing = NULL;
    ctx->created = ctx->announced = NULL;
    ctx->asked = (struct asked_code){ 0 };
    enum problem problem = r->fn(ctx, tx, r->arg);
    if (problem && !tx->keep) {
        ctx->outgoing = NULL;
    }
    load_persons(tx, ctx->outgoing);
    if (problem || !must_ask(r)) {
        return problem;
    }
    tx->keep = false;
    return P_REHEARSED;
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

static enum problem send_all(struct call *call)
{
    enum problem problem = P_OK;
    for (const struct outgoing *o = call->ctx.outgoing; o && !problem; o = o->next) {
        bool handled;
        problem = o->sms ? send_one_sms(call, o)
                         : hook_send_email(call, call->ctx.outgoing, o, &handled);
        if (problem && (call->ctx.silent_sends || (o->mail && mail_is_notice(o->mail->kind)))) {
            problem = P_OK; /* the failure is in the log */
        }
    }
    return problem;
}

/* Notices of a failure that is kept, such as a lock, by the hook. */
static void tell_of_failure(struct call *call)
{
    enum problem none = send_all(call);
    (void)none; /* it is in the log */
}

static enum problem end_sessions(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    (void)ctx;
    sessions_delete(tx, &call->principal.user.id, NULL);
    return P_OK;
}

/* Row V12: told of right and wrong codes alike; a rejection ends every session of the user. */
static enum problem ask_about_mfa(struct call *call, const char *type, bool valid)
{
    enum problem problem = hook_mfa_attempt(call, &call->param_ids[PARAM_FACTOR], type, valid);
    if (problem != P_MFA_REJECTED) {
        return problem;
    }
    enum problem ended =
        exec_write(call->services->executor, &call->ctx, end_sessions, call);
    return ended ? ended : problem;
}

static const char *factor_type(const struct call *call)
{
    const struct person *person = &call->grant->person;
    for (int i = 0; i < person->n_factors; i++) {
        if (uuid_equal(&person->factors[i].id, &call->param_ids[PARAM_FACTOR])) {
            return person->factors[i].type;
        }
    }
    return "totp";
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

/* Everything that must be heard before the request counts. */
static enum problem ask_the_world(struct call *call, bool mfa)
{
    enum problem problem = P_OK;
    if (call->ctx.created) {
        problem = hook_before_user_created(call, call->ctx.created);
    }
    bool codes = mfa && call->grant && strcmp(factor_type(call), "webauthn") != 0;
    if (!problem && codes) {
        problem = ask_about_mfa(call, factor_type(call), true);
    }
    if (!problem) {
        problem = send_all(call);
    }
    if (!problem && call->grant) {
        problem = hook_access_token(call, call->grant);
    }
    return problem;
}

static enum problem run_for_good(struct call *call, struct replay *replay, tx_fn *fn, void *arg)
{
    const struct config *config = call->services->config;
    replay_again(replay);
    call->ctx.mail_sent = config->hook_send_email_on;
    call->ctx.sms_sent = config->hook_send_sms_on || sms_setup(config) != SMS_FOLDER;
    memset(&call->reply, 0, sizeof call->reply);
    call->grant = NULL;
    return exec_write(call->services->executor, &call->ctx, fn, arg);
}

enum problem outside_write(struct call *call, tx_fn *fn, void *arg)
{
    struct executor *executor = call->services->executor;
    if (!call->services->asks_outside) {
        return exec_write(executor, &call->ctx, fn, arg);
    }
    bool mfa = call->params[PARAM_FACTOR] && call->path && strstr(call->path, "/verify");
    struct replay replay;
    struct rehearsal r = { call, mfa, fn, arg };
    replay_start(&replay, call->ctx.arena, call->ctx.entropy);
    call->ctx.entropy = &replay.entropy;
    call->ctx.rehearsing = true;
    enum problem problem = exec_write(executor, &call->ctx, rehearse, &r);
    call->ctx.rehearsing = false;
    if (problem && problem != P_REHEARSED) {
        tell_of_failure(call);
    }
    if ((problem == P_TOTP_WRONG || problem == P_PHONE_CODE_WRONG) && mfa) {
        const char *type = problem == P_TOTP_WRONG ? "totp" : "phone";
        enum problem rejected = ask_about_mfa(call, type, false);
        problem = rejected ? rejected : problem;
    }
    if (problem == P_REHEARSED && !code_is_right(call)) { /* for good, so that it is counted */
        problem = run_for_good(call, &replay, fn, arg);
    } else if (problem == P_REHEARSED) {
        problem = ask_the_world(call, mfa);
        const char *claims = call->grant ? call->grant->hook_claims : NULL;
        if (!problem) {
            problem = run_for_good(call, &replay, fn, arg);
        }
        if (!problem && call->grant) {
            call->grant->hook_claims = claims;
        }
        if (!problem && call->ctx.announced) {
            problem = hook_after_user_created(call, call->ctx.announced);
        }
    }
    call->ctx.entropy = replay.source;
    return problem;
}

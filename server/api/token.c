/* token.c: POST /token, a handler a grant type (accounts.md section 3). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/hooks.h"
#include "api/external_calls.h"
#include "api/session_reply.h"
#include "crypto/password.h"
#include "domain/pkce_flow.h"
#include "domain/password_login.h"
#include "domain/password_rules.h"
#include "domain/session.h"
#include "domain/request.h"

#include <string.h>

struct login_run {
    struct call *call;
    struct login *login;
    struct issued_session *issued;
};

static enum problem find_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct login_run *run = arg;
    (void)ctx;
    return login_find(&run->call->services->realm, tx, run->login);
}

static enum problem finish_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct login_run *run = arg;
    (void)ctx;
    struct call *call = run->call;
    call->issued = run->issued;
    enum problem problem = login_finish(&call->services->realm, tx, run->login, run->issued);
    return problem ? problem : reply_session(call, run->issued);
}

static enum problem logout_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct login_run *run = arg;
    (void)ctx;
    sessions_delete(tx, &run->login->user.id, NULL);
    return P_OK;
}

static enum problem finish(struct call *call)
{
    return external_write(call, finish_in_tx, call->state);
}

static enum problem ask_hook(struct call *call, struct tx *tx)
{
    struct login_run *run = call->state;
    bool logout = false;
    (void)tx;
    enum problem problem =
        hook_password_attempt(call, &run->login->user.id, run->login->fits, &logout);
    if (logout) {
        enum problem ended = exec_write(call->services->executor, &call->ctx, logout_in_tx, run);
        problem = ended ? ended : problem;
    }
    return problem ? problem : finish(call);
}

/* Row TK7: for an account that has a password and is not banned, right or wrong. */
static enum problem ask_hook_or_finish(struct call *call)
{
    const struct login *login = ((struct login_run *)call->state)->login;
    bool asks = call->services->config->hooks.password_verification_attempt_on && login->hash &&
                login->user.banned_until <= call->ctx.now_us;
    request_of(&call->ctx)->equal_time |= asks ? 0 : EQUAL_TIME_PASSWORD;
    return asks ? call_then(call, LANE_EXTERNAL + (enum lane)TO_PASSWORD_HOOK, ask_hook)
                : finish(call);
}

/* Row TK10: it only tells, so an answer that fails stops nobody. */
static enum problem after_breach(struct call *call, enum problem problem)
{
    (void)problem;
    return ask_hook_or_finish(call);
}

static void compare(struct call *call, struct login *login)
{
    const char *password = login->password ? login->password : "";
    if (!login->hash) {
        login->fits = password_verify_nobody(password);
        return;
    }
    login->fits = password_verify(login->hash, password);
    if (login->fits && password_hash_stale(login->hash)) {
        login->new_hash = password_hash(call->ctx.arena, call->ctx.entropy, password);
    }
}

enum problem token_password(struct call *call, struct tx *tx)
{
    const struct body_password_grant *body = call->in;
    struct login *login = ARENA_NEW(call->ctx.arena, struct login);
    struct issued_session *issued = ARENA_NEW(call->ctx.arena, struct issued_session);
    struct login_run *run = ARENA_NEW(call->ctx.arena, struct login_run);
    (void)tx;
    *run = (struct login_run){ call, login, issued };
    call->state = run;
    *login = (struct login){
        .email = body->email,
        .phone = body->phone,
        .password = body->password,
        .aud = call->audience,
        .client = &call->client,
    };
    enum problem problem = login_check(&call->services->realm, &call->ctx, login);
    if (!problem) {
        problem = exec_read(call->services->executor, &call->ctx, find_in_tx, run);
    }
    if (problem) {
        return problem;
    }
    compare(call, login);
    const char *password = login->password ? login->password : "";
    bool unasked = login->fits && password_ask_breach(&call->services->realm, &call->ctx, password);
    return unasked ? external_breach(call, after_breach) : ask_hook_or_finish(call);
}

enum problem token_refresh(struct call *call, struct tx *tx)
{
    const struct body_refresh_grant *body = call->in;
    struct issued_session *issued = ARENA_NEW(call->ctx.arena, struct issued_session);
    enum problem problem =
        session_refresh(&call->services->realm, tx, &call->client, body->refresh_token, issued);
    if (problem) {
        reply_restart(call);
        reply_session_headers(call, issued);
        return problem;
    }
    if (!issued->reused) {
        reply_header(call, "sb-auth-refresh-token-reuse", "false");
    }
    return reply_session(call, issued);
}

enum problem token_pkce(struct call *call, struct tx *tx)
{
    const struct body_pkce_grant *body = call->in;
    struct issued_session *issued = ARENA_NEW(call->ctx.arena, struct issued_session);
    enum problem problem = pkce_flow_exchange(&call->services->realm, tx, &call->client,
                                              body->auth_code, body->code_verifier, issued);
    return problem ? problem : reply_session(call, issued);
}

/* accounts.md 1.4. */
enum problem token_id_token(struct call *call, struct tx *tx)
{
    const struct body_id_token_grant *body = call->in;
    static const struct {
        const char *name, *issuer;
    } known[] = {
        { "google", "https://accounts.google.com" },
        { "apple", "https://appleid.apple.com" },
        { "facebook", "https://www.facebook.com" },
        { "azure", "https://login.microsoftonline.com" },
        { "keycloak", "" },
        { "kakao", "https://kauth.kakao.com" },
    };
    (void)tx;
    if (!body->id_token || !*body->id_token) {
        return P_ID_TOKEN_REQUIRED;
    }
    bool provider = body->provider && *body->provider;
    bool client = body->client_id && *body->client_id && body->issuer && *body->issuer;
    if (!provider && !client) {
        return P_ID_TOKEN_PROVIDER;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if ((provider && strcmp(known[i].name, body->provider) == 0) ||
            (!provider && strcmp(known[i].issuer, body->issuer) == 0)) {
            return ctx_fail(&call->ctx, P_ID_TOKEN_OFF, known[i].issuer);
        }
    }
    return ctx_fail(&call->ctx, P_ID_TOKEN_UNKNOWN, provider ? body->provider : body->issuer);
}

enum problem token_web3(struct call *call, struct tx *tx)
{
    (void)call;
    (void)tx;
    return P_WEB3_OFF;
}

enum problem token_unsupported(struct call *call, struct tx *tx)
{
    (void)call;
    (void)tx;
    return P_GRANT_UNSUPPORTED;
}

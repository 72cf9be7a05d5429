/* authenticate.c: who asks and may they, see authenticate.h. */
#include "http/authenticate.h"

#include "base/utf8.h"
#include "domain/mfa_policy.h"
#include "store/factors.h"
#include "store/recovery_sets.h"
#include "domain/request.h"

#include <string.h>
#include <strings.h>

enum { AUDIENCE_MAX = 255 };

/* Row G1: "bearer", one space, and a token without blanks; NULL if the header is not of that form.
 */
static const char *bearer_of(const struct call *call)
{
    const char *header = call_header(call, "Authorization");
    if (!header || strncasecmp(header, "bearer ", 7) != 0 || !header[7] ||
        header[7 + strcspn(header + 7, " \t\r\n\v\f")]) {
        return NULL;
    }
    return header + 7;
}

/* May the token name any audience? A person's only where the database is asked next who they are
 * now (S10): elsewhere the token would go on choosing after its person's role is gone. */
static bool may_choose_any(const struct call *call, enum rights rights)
{
    const struct claims *claims = &call->principal.claims;
    bool asked_next = rights == RIGHTS_ADMIN || rights == RIGHTS_ADMIN_OF;
    return call->principal.known && claims_role_admin(call->services->config, claims) &&
           (asked_next || !claims_of_account(claims));
}

/* security.md S13: strangers choose among the configured audiences, users their own token's too. */
static bool may_choose(const struct call *call, enum rights rights, const char *asked)
{
    const struct config *config = call->services->config;
    const char *own = call->principal.known ? call->principal.claims.aud : NULL;
    return strcmp(asked, config->jwt.aud) == 0 || list_has(&config->jwt.audiences, asked) ||
           (own && strcmp(asked, own) == 0) || may_choose_any(call, rights);
}

/* Row W13; a header that does not count is as none. */
static enum problem find_audience(struct call *call, enum rights rights)
{
    const char *asked = call_header(call, "X-JWT-AUD");
    const struct claims *claims = &call->principal.claims;
    if (asked && *asked) {
        size_t len = strlen(asked);
        if (len > AUDIENCE_MAX || !utf8_valid(asked, len)) {
            return ctx_fail(&call->ctx, P_BAD_REQUEST_TEXT, "X-JWT-AUD");
        }
        if (may_choose(call, rights, asked)) {
            call->audience = asked;
            return P_OK;
        }
    }
    bool of_token = call->principal.known && claims->aud && *claims->aud &&
                    !claims_role_admin(call->services->config, claims);
    call->audience = of_token ? claims->aud : call->services->config->jwt.aud;
    return P_OK;
}

/* Rows G3, G5, B15: what a user's token must hold, before the database is asked. */
static enum problem check_claims(struct call *call)
{
    struct principal *p = &call->principal;
    const struct claims *c = &p->claims;
    const char *issuer = call->services->config->jwt.issuer;
    if (!c->sub || !*c->sub) {
        return P_JWT_NO_SUB;
    }
    if (!uuid_parse(c->sub, &p->user.id)) {
        return P_JWT_SUB_NOT_UUID;
    }
    if (!c->has_exp) {
        return ctx_fail(&call->ctx, P_BAD_JWT, "token has invalid claims: exp is required");
    }
    if (*issuer && c->iss && strcmp(c->iss, issuer) != 0) {
        return ctx_fail(&call->ctx, P_BAD_JWT,
                        "token has invalid claims: token has invalid issuer");
    }
    if (c->session_id && *c->session_id && !uuid_parse(c->session_id, &p->session_id)) {
        return P_JWT_SESSION_NOT_UUID;
    }
    return P_OK;
}

/* Rows G8, G9: the factor must be one of this user's; looked up before limits and body. */
static enum problem check_factor(struct call *call, struct tx *tx)
{
    struct factor factor;
    struct recovery_set codes;
    if (!call->params[PARAM_FACTOR]) {
        return P_OK;
    }
    if (!uuid_parse(call->params[PARAM_FACTOR], &call->param_ids[PARAM_FACTOR])) {
        return P_FACTOR_ID_NOT_UUID;
    }
    if (factor_by_id(tx, &call->param_ids[PARAM_FACTOR], &factor) &&
        uuid_equal(&factor.user_id, &call->principal.user.id)) {
        return P_OK;
    }
    bool of_codes = recovery_set_of(tx, &call->principal.user.id, &codes) &&
                    uuid_equal(&codes.id, &call->param_ids[PARAM_FACTOR]);
    if (of_codes && call->principal.admin) {
        return P_OK;
    }
    return of_codes ? P_RECOVERY_UNENROLL : P_FACTOR_NOT_FOUND;
}

static enum problem check_session(struct call *call, struct tx *tx, struct session *session)
{
    struct principal *p = &call->principal;
    if (uuid_is_nil(&p->session_id)) {
        return P_OK;
    }
    if (!session_by_id(tx, &p->session_id, session) ||
        !uuid_equal(&session->user_id, &p->user.id)) {
        return P_JWT_SESSION_NOT_FOUND;
    }
    p->aal = aal_of_request(p->claims.aal, session);
    return P_OK;
}

/* Is there a user behind the token who may ask, with the session that it names? */
static enum problem check_user(struct call *call, struct tx *tx, struct session *session)
{
    struct principal *p = &call->principal;
    struct uuid id = p->user.id;
    if (!user_by_id(tx, &id, &p->user) || p->user.deleted_at) {
        p->user.id = id;
        return P_JWT_USER_NOT_FOUND;
    }
    enum problem problem = check_session(call, tx, session);
    if (problem) {
        return problem;
    }
    if (*call->services->config->jwt.aud && !claims_are_for(&p->claims, p->user.aud)) {
        return ctx_fail(&call->ctx, P_BAD_JWT,
                        "token has invalid claims: token has invalid audience");
    }
    return p->user.banned_until > call->ctx.now_us ? P_USER_BANNED : P_OK;
}

struct asking {
    struct call *call;
    enum rights rights; /* of the route, or of the group of a path that has none (row W9) */
};

static enum problem read_with(struct call *call, tx_fn *fn, void *arg)
{
    return call->tx ? fn(&call->ctx, call->tx, arg)
                    : exec_read(call->services->executor, &call->ctx, fn, arg);
}

/* All that the rows below look at, and for GET /user what it shows. */
static void prefetch_all(struct call *call, struct tx *tx, const struct uuid *user_id)
{
    struct uuid factor_id;
    user_prefetch(tx, user_id);
    if (!uuid_is_nil(&call->principal.session_id)) {
        session_prefetch(tx, &call->principal.session_id);
    }
    if (call->params[PARAM_FACTOR] && uuid_parse(call->params[PARAM_FACTOR], &factor_id)) {
        factor_prefetch(tx, &factor_id);
    }
    if (call->tx && call->route && call->route->run == RUN_READ) {
        account_prefetch(tx, user_id);
    }
}

/* Rows G4 to G7, B15. */
static enum problem user_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    const struct asking *asking = arg;
    struct call *call = asking->call;
    struct principal *p = &call->principal;
    struct session session;
    (void)ctx;
    prefetch_all(call, tx, &p->user.id);
    enum problem problem = check_user(call, tx, &session);
    if (problem) {
        return problem;
    }
    if (asking->rights == RIGHTS_NAMED && p->user.is_anonymous) {
        return P_ANONYMOUS_REFUSED;
    }
    return check_factor(call, tx);
}

static bool session_ended(const struct config *c, int64_t now, const struct session *s)
{
    int64_t used_at = s->refreshed_at ? s->refreshed_at : s->created_at;
    return (s->not_after && now > s->not_after) ||
           (c->sessions.timebox_us && now > s->created_at + c->sessions.timebox_us) ||
           (c->sessions.inactivity_us && now > used_at + c->sessions.inactivity_us);
}

/* S10: a token with a session is a person's, and of people the database says who they are now. */
static enum problem check_account(struct call *call, struct tx *tx)
{
    struct principal *p = &call->principal;
    const struct config *config = call->services->config;
    struct session session;
    user_prefetch(tx, &p->user.id);
    session_prefetch(tx, &p->session_id);
    enum problem problem = check_user(call, tx, &session);
    if (problem) {
        return problem;
    }
    if (!list_has(&config->jwt.admin_roles, p->user.role)) {
        return P_NOT_ADMIN;
    }
    if (session_ended(config, call->ctx.now_us, &session)) {
        return P_ADMIN_SESSION_EXPIRED;
    }
    request_of(&call->ctx)->admin_role = p->user.role;
    return aal_is_2(p->aal) ? P_OK : mfa_policy_admin(config, tx, &p->user);
}

/* Rows A4, A5, G9 under /admin. */
static enum problem admin_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    struct principal *p = &call->principal;
    (void)ctx;
    enum problem problem = p->is_user_admin ? check_account(call, tx) : P_OK;
    if (problem) {
        return problem;
    }
    if (!call->route || call->route->rights != RIGHTS_ADMIN_OF) {
        return P_OK;
    }
    if (!uuid_parse(call->params[PARAM_USER], &call->param_ids[PARAM_USER])) {
        return P_USER_ID_NOT_UUID;
    }
    if (!user_by_id(tx, &call->param_ids[PARAM_USER], &p->user)) {
        return P_USER_NOT_FOUND;
    }
    return check_factor(call, tx);
}

static enum problem authenticate_admin(struct call *call)
{
    struct principal *p = &call->principal;
    if (!claims_role_admin(call->services->config, &p->claims)) {
        return P_NOT_ADMIN;
    }
    p->admin = true;
    request_of(&call->ctx)->admin_role = p->claims.role;
    request_of(&call->ctx)->admin_id = p->claims.sub;
    enum problem problem = P_OK;
    p->is_user_admin = claims_of_account(&p->claims);
    if (p->is_user_admin && (problem = check_claims(call))) {
        return problem;
    }
    if (p->is_user_admin && uuid_is_nil(&p->session_id)) {
        return P_JWT_SESSION_NOT_FOUND;
    }
    bool of_user = call->route && call->route->rights == RIGHTS_ADMIN_OF;
    return p->is_user_admin || of_user ? read_with(call, admin_in_tx, call) : P_OK;
}

enum problem authenticate(struct call *call, enum rights rights)
{
    struct principal *p = &call->principal;
    const char *token = bearer_of(call);
    if (!token && rights != RIGHTS_NOBODY) {
        return P_NO_BEARER;
    }
    enum problem problem =
        token ? claims_read(&call->services->realm, &call->ctx, token, &p->claims) : P_OK;
    p->known = token && !problem;
    if (rights == RIGHTS_NOBODY) {
        return find_audience(call, rights); /* a bad token is no hindrance where none is needed */
    }
    if (!problem) {
        problem = find_audience(call, rights);
    }
    if (problem) {
        return problem;
    }
    if (rights == RIGHTS_ADMIN || rights == RIGHTS_ADMIN_OF) {
        return authenticate_admin(call);
    }
    problem = check_claims(call);
    struct asking asking = { call, rights };
    return problem ? problem : read_with(call, user_in_tx, &asking);
}

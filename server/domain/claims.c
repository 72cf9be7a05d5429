/* claims.c: access tokens to and from claims, see claims.h. */
#include "domain/claims.h"

#include "base/json.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

enum { TOKEN_MAX = 2 << 20, API_KEY_LIFE_S = 10 * 365 * 86400 };

static void text_claim(struct strbuf *b, const char *before, const char *value)
{
    strbuf_str(b, before);
    json_quote(b, value ? value : "");
}

static void amr_claim(struct strbuf *b, const struct issued_session *issued)
{
    if (!issued->n_amr) {
        return;
    }
    strbuf_str(b, ",\"amr\":[");
    for (int i = 0; i < issued->n_amr; i++) {
        text_claim(b, i ? ",{\"method\":" : "{\"method\":", issued->amr[i].method);
        strbuf_str(b, ",\"timestamp\":");
        strbuf_int(b, issued->amr[i].at_us / US_PER_S);
        strbuf_char(b, '}');
    }
    strbuf_char(b, ']');
}

/* Row S9: an aal1 session of a user with a verified factor ends early where so configured. */
static int64_t expiry_s(const struct realm *realm, int64_t now_s,
                        const struct issued_session *issued)
{
    int64_t exp = now_s + realm->config->jwt.exp_s;
    bool low = !aal_is_2(aal_of(issued->amr, issued->n_amr)) &&
               aal_is_2(aal_highest(issued->account.factors, issued->account.n_factors));
    if (realm->config->sessions.low_aal_us && low) {
        int64_t limit =
            (issued->session.created_at + realm->config->sessions.low_aal_us) / US_PER_S;
        exp = limit < exp ? limit : exp;
    }
    return exp;
}

const char *claims_text(const struct realm *realm, struct ctx *ctx,
                        const struct issued_session *issued, int64_t *expires_at_s)
{
    const struct user *u = &issued->account.user;
    char id[UUID_TEXT];
    int64_t now_s = ctx->now_us / US_PER_S;
    struct strbuf b = strbuf_in(ctx->arena, TOKEN_MAX);
    *expires_at_s = expiry_s(realm, now_s, issued);
    strbuf_char(&b, '{');
    if (*realm->config->jwt.issuer) {
        text_claim(&b, "\"iss\":", realm->config->jwt.issuer);
        strbuf_char(&b, ',');
    }
    text_claim(&b, "\"sub\":", uuid_format(&u->id, id));
    text_claim(&b, ",\"aud\":", u->aud);
    strbuf_str(&b, ",\"exp\":");
    strbuf_int(&b, *expires_at_s);
    strbuf_str(&b, ",\"iat\":");
    strbuf_int(&b, now_s);
    text_claim(&b, ",\"email\":", u->email);
    text_claim(&b, ",\"phone\":", u->phone);
    strbuf_str(&b, ",\"app_metadata\":");
    strbuf_str(&b, u->app_metadata);
    strbuf_str(&b, ",\"user_metadata\":");
    strbuf_str(&b, u->user_metadata);
    text_claim(&b, ",\"role\":", u->role);
    text_claim(&b, ",\"aal\":", aal_of(issued->amr, issued->n_amr));
    amr_claim(&b, issued);
    text_claim(&b, ",\"session_id\":", uuid_format(&issued->session.id, id));
    strbuf_str(&b, u->is_anonymous ? ",\"is_anonymous\":true}" : ",\"is_anonymous\":false}");
    return strbuf_ok(&b) ? b.data : NULL;
}

const char *claims_sign(const struct realm *realm, struct ctx *ctx,
                        const struct issued_session *issued, int64_t *expires_at_s)
{
    const char *text = claims_text(realm, ctx, issued, expires_at_s);
    if (text && issued->hook_claims) {
        text = issued->hook_claims;
    }
    return text ? keyring_sign(realm->keyring, ctx->arena, text, strlen(text)) : NULL;
}

static const char *time_problem(struct ctx *ctx, const struct json_t *payload, bool *has_exp)
{
    double exp = 0, nbf = 0, now = (double)ctx->now_us / (double)US_PER_S;
    const struct json_t *exp_claim = json_member(payload, "exp");
    const struct json_t *nbf_claim = json_member(payload, "nbf");
    if ((exp_claim && (!json_double(exp_claim, &exp) || !isfinite(exp))) ||
        (nbf_claim && (!json_double(nbf_claim, &nbf) || !isfinite(nbf)))) {
        return "token is malformed: could not JSON decode claim: a time is no number";
    }
    *has_exp = exp_claim != NULL;
    if (exp_claim && now >= exp) {
        return "token has invalid claims: token is expired";
    }
    return nbf_claim && now < nbf ? "token has invalid claims: token is not valid yet" : NULL;
}

/* aud is a text, or a list of texts whose first one counts. */
static const char *audience_of(const struct json_t *payload)
{
    const struct json_t *aud = json_member(payload, "aud");
    return json_kind_of(aud) == KIND_ARRAY ? json_text(json_nth(aud, 0)) : json_text(aud);
}

static bool audience_valid(const struct json_t *payload)
{
    const struct json_t *aud = json_member(payload, "aud");
    for (size_t i = 0; json_kind_of(aud) == KIND_ARRAY && i < json_count(aud); i++) {
        if (!json_text(json_nth(aud, i))) {
            return false;
        }
    }
    return !aud || json_text(aud) || json_kind_of(aud) == KIND_ARRAY;
}

bool claims_are_for(const struct claims *claims, const char *audience)
{
    const struct json_t *aud = claims->audiences;
    if (json_kind_of(aud) != KIND_ARRAY) {
        return !aud || strcmp(json_text(aud), audience) == 0;
    }
    for (size_t i = 0; i < json_count(aud); i++) {
        if (strcmp(json_text(json_nth(aud, i)), audience) == 0) {
            return true;
        }
    }
    return false;
}

bool claims_role_admin(const struct config *config, const struct claims *claims)
{
    return claims->role && list_has(&config->jwt.admin_roles, claims->role);
}

bool claims_of_account(const struct claims *claims)
{
    return claims->session_id && *claims->session_id;
}

static bool texts_only(const struct json_t *payload)
{
    static const char *const names[] = { "sub", "role", "session_id", "iss" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json_t *claim = json_member(payload, names[i]);
        if (claim && !json_text(claim)) {
            return false;
        }
    }
    return true;
}

enum problem claims_read(const struct realm *realm, struct ctx *ctx, const char *token,
                         struct claims *out)
{
    const char *detail = NULL;
    const char *text = keyring_verify(realm->keyring, ctx->arena, token, &detail);
    if (!text) {
        return ctx_fail(ctx, P_BAD_JWT, detail);
    }
    const struct json_t *payload = json_read(ctx->arena, text, strlen(text), &detail);
    if (json_kind_of(payload) != KIND_OBJECT || !texts_only(payload) || !audience_valid(payload)) {
        return ctx_fail(ctx, P_BAD_JWT, "token is malformed: could not JSON decode claim");
    }
    *out = (struct claims){
        .sub = json_member_text(payload, "sub"),
        .role = json_member_text(payload, "role"),
        .session_id = json_member_text(payload, "session_id"),
        .iss = json_member_text(payload, "iss"),
        .aal = json_member_text(payload, "aal"),
        .aud = audience_of(payload),
        .audiences = json_member(payload, "aud"),
        .is_anonymous = json_truth(json_member(payload, "is_anonymous")),
    };
    detail = time_problem(ctx, payload, &out->has_exp);
    return detail ? ctx_fail(ctx, P_BAD_JWT, detail) : P_OK;
}

const char *claims_api_key(const struct realm *realm, struct ctx *ctx, const char *role)
{
    struct strbuf b = strbuf_in(ctx->arena, 1024);
    int64_t now_s = ctx->now_us / US_PER_S;
    text_claim(&b, "{\"iss\":", "countersign");
    text_claim(&b, ",\"role\":", role);
    strbuf_printf(&b, ",\"iat\":%lld,\"exp\":%lld}", (long long)now_s,
                  (long long)now_s + API_KEY_LIFE_S);
    return keyring_sign(realm->keyring, ctx->arena, b.data, b.len);
}

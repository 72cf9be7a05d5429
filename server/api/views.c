/* views.c: writes users, sessions and factors as JSON, see views.h. */
#include "api/views.h"

#include "base/rfc3339.h"
#include "domain/lockout.h"
#include "domain/mfa_policy.h"

#include <string.h>

/* Each of these writes a member with a comma before it, unless it is the first of its object. */
static void name(struct strbuf *b, const char *key)
{
    if (b->len && b->data[b->len - 1] != '{') {
        strbuf_char(b, ',');
    }
    strbuf_char(b, '"');
    strbuf_str(b, key);
    strbuf_add(b, "\":", 2);
}

static void text(struct strbuf *b, const char *key, const char *value)
{
    name(b, key);
    json_quote(b, value ? value : "");
}

static void text_if(struct strbuf *b, const char *key, const char *value)
{
    if (value && *value) {
        text(b, key, value);
    }
}

static void raw(struct strbuf *b, const char *key, const char *json)
{
    name(b, key);
    strbuf_str(b, json);
}

static void id(struct strbuf *b, const char *key, const struct uuid *value)
{
    char buffer[UUID_TEXT];
    text(b, key, uuid_format(value, buffer));
}

static void when(struct strbuf *b, const char *key, int64_t at_us)
{
    char buffer[RFC3339_TEXT];
    if (at_us) {
        name(b, key);
        strbuf_char(b, '"');
        strbuf_str(b, rfc3339_format(at_us, buffer));
        strbuf_char(b, '"');
    }
}

static void boolean(struct strbuf *b, const char *key, bool value)
{
    raw(b, key, value ? "true" : "false");
}

static void write_identity(struct strbuf *b, const struct identity *i)
{
    strbuf_char(b, '{');
    id(b, "identity_id", &i->id);
    text(b, "id", i->provider_id);
    id(b, "user_id", &i->user_id);
    raw(b, "identity_data", i->data && *i->data ? i->data : "{}");
    text(b, "provider", i->provider);
    when(b, "last_sign_in_at", i->last_sign_in_at);
    when(b, "created_at", i->created_at);
    when(b, "updated_at", i->updated_at);
    text_if(b, "email", i->email);
    strbuf_char(b, '}');
}

/* The members without the closing brace. */
static void write_factor_open(struct strbuf *b, const struct factor *f)
{
    strbuf_char(b, '{');
    id(b, "id", &f->id);
    when(b, "created_at", f->created_at);
    when(b, "updated_at", f->updated_at ? f->updated_at : f->created_at);
    text(b, "status", f->status);
    text_if(b, "friendly_name", f->friendly_name);
    text(b, "factor_type", f->type);
    text(b, "phone", f->phone);
    if (f->last_challenged_at) {
        when(b, "last_challenged_at", f->last_challenged_at);
    } else {
        raw(b, "last_challenged_at", "null");
    }
    if (f->webauthn_credential) { /* a key without a model has the nil UUID */
        id(b, "web_authn_aaguid", &f->webauthn_aaguid);
    }
    if (f->webauthn_data) {
        raw(b, "last_webauthn_challenge_data", f->webauthn_data);
    }
}

static void write_factor(struct strbuf *b, const struct factor *f)
{
    write_factor_open(b, f);
    strbuf_char(b, '}');
}

static void write_factors(struct strbuf *b, const struct account *p)
{
    strbuf_char(b, '[');
    for (int i = 0; i < p->n_factors; i++) {
        strbuf_str(b, i ? "," : "");
        write_factor(b, &p->factors[i]);
    }
    if (p->codes.type) {
        strbuf_str(b, p->n_factors ? "," : "");
        write_factor(b, &p->codes);
    }
    strbuf_char(b, ']');
}

/* Row O4: the earlier of the two; 0 if neither is there. */
static int64_t confirmed_at(const struct user *u)
{
    if (!u->email_confirmed_at || !u->phone_confirmed_at) {
        return u->email_confirmed_at ? u->email_confirmed_at : u->phone_confirmed_at;
    }
    return u->email_confirmed_at < u->phone_confirmed_at ? u->email_confirmed_at
                                                         : u->phone_confirmed_at;
}

static void write_addresses(struct strbuf *b, const struct user *u)
{
    text(b, "email", u->email);
    when(b, "email_confirmed_at", u->email_confirmed_at);
    when(b, "invited_at", u->invited_at);
    text(b, "phone", u->phone);
    when(b, "phone_confirmed_at", u->phone_confirmed_at);
    when(b, "confirmation_sent_at", u->confirmation_sent_at);
    when(b, "confirmed_at", confirmed_at(u));
    when(b, "recovery_sent_at", u->recovery_sent_at);
    text_if(b, "new_email", u->email_change);
    when(b, "email_change_sent_at", u->email_change_sent_at);
    text_if(b, "new_phone", u->phone_change);
    when(b, "phone_change_sent_at", u->phone_change_sent_at);
    when(b, "reauthentication_sent_at", u->reauthentication_sent_at);
    when(b, "last_sign_in_at", u->last_sign_in_at);
}

/* The members without the closing brace, for answers that add some. */
static void write_user_open(struct strbuf *b, const struct account *p)
{
    const struct user *u = &p->user;
    strbuf_char(b, '{');
    id(b, "id", &u->id);
    text(b, "aud", u->aud);
    text(b, "role", u->role);
    write_addresses(b, u);
    raw(b, "app_metadata", *u->app_metadata ? u->app_metadata : "{}");
    raw(b, "user_metadata", *u->user_metadata ? u->user_metadata : "{}");
    if (p->n_factors || p->codes.type) {
        name(b, "factors");
        write_factors(b, p);
    }
    name(b, "identities");
    strbuf_char(b, '[');
    for (int i = 0; i < p->n_identities; i++) {
        strbuf_str(b, i ? "," : "");
        write_identity(b, &p->identities[i]);
    }
    strbuf_char(b, ']');
    when(b, "created_at", u->created_at);
    when(b, "updated_at", u->updated_at);
    when(b, "banned_until", u->banned_until);
    when(b, "deleted_at", u->deleted_at);
    boolean(b, "is_anonymous", u->is_anonymous);
}

void write_user(struct strbuf *b, const struct account *p)
{
    write_user_open(b, p);
    strbuf_char(b, '}');
}

/* Decision 0011: whom a second factor is required of is told so, and since or from when. */
static void write_own_user(struct call *call, struct strbuf *b, const struct account *p)
{
    const struct config *config = call->services->config;
    write_user_open(b, p);
    if (mfa_policy_names(config, call->ctx.arena, &p->user)) {
        boolean(b, "mfa_required", mfa_policy_holds(config, &call->ctx, &p->user));
        when(b, "mfa_required_from", config->mfa_required_from_us);
    }
    strbuf_char(b, '}');
}

void view_user(struct call *call, struct strbuf *out)
{
    write_own_user(call, out, call->reply.data);
}

static void write_weakness(struct strbuf *b, const struct issued_session *g)
{
    static const char *const names[] = { "length", "characters", "pwned" };
    name(b, "weak_password");
    if (!g->weak_reasons) {
        strbuf_str(b, "null");
        return;
    }
    strbuf_char(b, '{');
    text(b, "message", g->weak_message);
    name(b, "reasons");
    strbuf_char(b, '[');
    for (int i = 0, n = 0; i < 3; i++) {
        if (g->weak_reasons & (1U << i)) {
            strbuf_str(b, n++ ? "," : "");
            json_quote(b, names[i]);
        }
    }
    strbuf_str(b, "]}");
}

void view_session(struct call *call, struct strbuf *b)
{
    const struct issued_session *g = call->reply.data;
    int64_t expires_at_s = 0;
    const char *token = claims_sign(&call->services->realm, &call->ctx, g, &expires_at_s);
    if (!token) {
        b->failed = true;
        return;
    }
    strbuf_char(b, '{');
    text(b, "access_token", token);
    text(b, "token_type", "bearer");
    name(b, "expires_in");
    strbuf_int(b, expires_at_s - call->ctx.now_us / US_PER_S);
    name(b, "expires_at");
    strbuf_int(b, expires_at_s);
    text(b, "refresh_token", g->refresh_token);
    name(b, "user");
    write_own_user(call, b, &g->account);
    if (g->shows_weakness) {
        write_weakness(b, g);
    }
    strbuf_char(b, '}');
}

void view_enrollment(struct call *call, struct strbuf *b)
{
    const struct enrollment *e = call->reply.data;
    strbuf_char(b, '{');
    id(b, "id", &e->factor.id);
    text(b, "type", e->factor.type);
    text(b, "friendly_name", e->factor.friendly_name);
    if (e->phone) {
        text(b, "phone", e->phone);
    }
    const struct factor_kind *kind = factor_kind_of(&call->services->realm, e->factor.type);
    if (kind && kind->show_enrollment) {
        kind->show_enrollment(e, b);
    }
    strbuf_char(b, '}');
}

void view_challenge(struct call *call, struct strbuf *b)
{
    const struct opened_challenge *c = call->reply.data;
    strbuf_char(b, '{');
    id(b, "id", &c->id);
    text(b, "type", c->type);
    name(b, "expires_at");
    strbuf_int(b, c->expires_at_s);
    if (c->shown) {
        raw(b, c->type, c->shown);
    }
    strbuf_char(b, '}');
}

void view_factor(struct call *call, struct strbuf *out)
{
    write_factor(out, call->reply.data);
}

static void number(struct strbuf *b, const char *key, int64_t value)
{
    name(b, key);
    strbuf_int(b, value);
}

void view_factor_report(struct call *call, struct strbuf *b)
{
    const struct factor_report *r = call->reply.data;
    write_factor_open(b, &r->factor);
    number(b, "failed_attempts", r->guard.tries.failures);
    when(b, "locked_until",
         lockout_end(call->services->config, call->ctx.now_us, r->guard.tries.locked_until, true));
    const struct factor_kind *kind = factor_kind_of(&call->services->realm, r->factor.type);
    if (kind && kind->show_report) {
        kind->show_report(r, b);
    }
    strbuf_char(b, '}');
}

void view_factors(struct call *call, struct strbuf *out)
{
    write_factors(out, call->reply.data);
}

void view_id(struct call *call, struct strbuf *b)
{
    strbuf_char(b, '{');
    id(b, "id", call->reply.data);
    strbuf_char(b, '}');
}

void view_users(struct call *call, struct strbuf *b)
{
    const struct people *people = call->reply.data;
    strbuf_str(b, "{\"users\":[");
    for (int i = 0; i < people->count; i++) {
        strbuf_str(b, i ? "," : "");
        write_user(b, &people->list[i]);
    }
    strbuf_char(b, ']');
    text(b, "aud", people->aud);
    strbuf_char(b, '}');
}

void view_audit(struct call *call, struct strbuf *b)
{
    const struct audit_list *list = call->reply.data;
    strbuf_char(b, '[');
    for (int i = 0; i < list->count; i++) {
        strbuf_str(b, i ? ",{" : "{");
        id(b, "id", &list->rows[i].id);
        raw(b, "payload", list->rows[i].payload);
        when(b, "created_at", list->rows[i].created_at);
        text(b, "ip_address", list->rows[i].ip);
        strbuf_char(b, '}');
    }
    strbuf_char(b, ']');
}

void view_text(struct call *call, struct strbuf *out)
{
    strbuf_str(out, call->reply.data);
}

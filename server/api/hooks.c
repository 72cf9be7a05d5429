/* hooks.c: what each hook is told and what its answer means, see hooks.h. */
#include "api/hooks.h"

#include "api/views.h"
#include "base/log.h"
#include "deliver/equal_time.h"
#include "deliver/hook.h"

#include <string.h>

enum { PAYLOAD_MAX = 4 << 20 };
#define YEAR_ONE_US (-62135596800 * US_PER_S) /* 0001-01-01T00:00:00Z */

/* A payload with its metadata written and the object left open. */
static struct strbuf begin(struct call *call, const char *name)
{
    struct strbuf b = strbuf_in(call->ctx.arena, PAYLOAD_MAX);
    strbuf_str(&b, "{\"metadata\":");
    hook_metadata(&call->ctx, &b, name, call->client.ip);
    return b;
}

static void text(struct strbuf *b, const char *key, const char *value)
{
    strbuf_char(b, ',');
    json_quote(b, key);
    strbuf_char(b, ':');
    json_quote(b, value ? value : "");
}

static void id(struct strbuf *b, const char *key, const struct uuid *value)
{
    char buffer[UUID_TEXT];
    text(b, key, uuid_format(value, buffer));
}

static enum problem call_it(struct call *call, bool on, const char *uri, const char *secrets,
                            struct strbuf *payload, const struct json_t **output)
{
    struct hook hook = { on, uri, secrets };
    strbuf_char(payload, '}');
    *output = NULL;
    return strbuf_ok(payload) ? hook_call(&call->ctx, &hook, payload->data, output) : P_UNEXPECTED;
}

/* {error:{http_code, message}} counts only with a message (HK3). */
static bool rejected(struct call *call, const struct json_t *output, const char *preset,
                     const char **message)
{
    const char *decision = json_member_text(output, "decision");
    (void)call;
    if (!decision || strcmp(decision, "reject") != 0) {
        return false;
    }
    const char *own = json_member_text(output, "message");
    *message = own && *own ? own : preset;
    return true;
}

static enum problem tell_of_user(struct call *call, const char *name, bool on, const char *uri,
                                 const char *secrets, const struct account *account)
{
    const struct json_t *output;
    struct strbuf b = begin(call, name);
    strbuf_str(&b, ",\"user\":");
    write_user(&b, account);
    return call_it(call, on, uri, secrets, &b, &output);
}

/* Row "before" of internals.md §7: as it is before anything of it is stored. */
enum problem hook_before_user_created(struct call *call, const struct account *account)
{
    const struct config *c = call->services->config;
    if (!c->hooks.before_user_created_on) {
        return P_OK;
    }
    struct account early = { .user = account->user };
    early.user.role = "";
    early.user.created_at = early.user.updated_at = YEAR_ONE_US;
    early.user.email_confirmed_at = early.user.phone_confirmed_at = 0;
    int64_t asked_at = clock_steady_us();
    enum problem problem =
        tell_of_user(call, "before-user-created", true, c->hooks.before_user_created_uri,
                     c->hooks.before_user_created_secrets, &early);
    equal_time_note(EQUAL_TIME_CREATED, asked_at);
    return problem;
}

enum problem hook_after_user_created(struct call *call, const struct account *account)
{
    const struct config *c = call->services->config;
    if (!c->hooks.after_user_created_on) {
        return P_OK;
    }
    int64_t asked_at = clock_steady_us();
    enum problem problem =
        tell_of_user(call, "after-user-created", true, c->hooks.after_user_created_uri,
                     c->hooks.after_user_created_secrets, account);
    equal_time_note(EQUAL_TIME_ANNOUNCED, asked_at);
    return problem ? P_HOOK_AFTER : P_OK;
}

/* Whom a message is about; at least the id where that is all that is known. */
static const struct account *account_of(struct call *call, const struct outgoing *item,
                                        const struct uuid *id)
{
    if (item->account) {
        return item->account;
    }
    struct account *account = ARENA_NEW(call->ctx.arena, struct account);
    account->user = (struct user){ .id = *id,
                                   .aud = "",
                                   .role = "",
                                   .app_metadata = "{}",
                                   .user_metadata = "{}",
                                   .email_change = "",
                                   .phone_change = "" };
    return account;
}

enum problem hook_send_sms(struct call *call, const struct outgoing *item, bool *handled)
{
    const struct config *c = call->services->config;
    const struct sms *sms = item->sms;
    const struct json_t *output;
    *handled = c->hooks.send_sms_on;
    if (!*handled) {
        return P_OK;
    }
    struct strbuf b = begin(call, "send-sms");
    strbuf_str(&b, ",\"user\":");
    write_user(&b, account_of(call, item, &sms->user_id));
    strbuf_str(&b, ",\"sms\":{\"otp\":");
    json_quote(&b, sms->code);
    if (strcmp(sms->kind, "mfa") == 0) {
        text(&b, "sms_type", "mfa");
    }
    text(&b, "phone", sms->phone);
    strbuf_char(&b, '}');
    int64_t asked_at = clock_steady_us();
    enum problem problem =
        call_it(call, true, c->hooks.send_sms_uri, c->hooks.send_sms_secrets, &b, &output);
    equal_time_note(EQUAL_TIME_SMS, asked_at);
    return problem;
}

/* Row HK5: with two mails of a change of address, the hook is called once and its tokens are
 * crossed: token is the present address's code, token_hash the new address's hash. */
static const struct mail *other_of_change(const struct outgoing *list, const struct mail *mail)
{
    for (const struct outgoing *o = list; o && mail->kind == MAIL_EMAIL_CHANGE; o = o->next) {
        if (o->mail && o->mail != mail && o->mail->kind == MAIL_EMAIL_CHANGE) {
            return o->mail;
        }
    }
    return NULL;
}

static void write_email_data(struct call *call, struct strbuf *b, const struct mail *mail,
                             const struct mail *current)
{
    strbuf_str(b, ",\"email_data\":{\"token\":");
    json_quote(b, current ? current->token : mail->token ? mail->token : "");
    text(b, "token_hash", mail->token_hash);
    text(b, "redirect_to", mail->redirect_to);
    text(b, "email_action_type",
         mail_is_notice(mail->kind) ? mail_kind_name(mail->kind) : mail->action_type);
    text(b, "site_url", call->services->config->site.external_url);
    text(b, "token_new", current ? mail->token : "");
    text(b, "token_hash_new", current ? current->token_hash : "");
    text(b, "old_email", mail->old_email);
    text(b, "old_phone", mail->old_phone);
    text(b, "provider", mail->provider);
    text(b, "factor_type", mail->factor_type);
    strbuf_char(b, '}');
}

enum problem hook_send_email(struct call *call, const struct outgoing *list,
                             const struct outgoing *item, bool *handled)
{
    const struct config *c = call->services->config;
    const struct mail *mail = item->mail;
    const struct json_t *output;
    *handled = c->hooks.send_email_on;
    if (!*handled) {
        return P_OK;
    }
    const struct mail *other = other_of_change(list, mail);
    bool is_current = other && mail->email && strcmp(mail->to, mail->email) == 0;
    if (is_current) {
        return P_OK; /* told together with the new address's mail */
    }
    struct strbuf b = begin(call, "send-email");
    strbuf_str(&b, ",\"user\":");
    write_user(&b, account_of(call, item, &mail->user_id));
    write_email_data(call, &b, mail, other);
    int64_t asked_at = clock_steady_us();
    enum problem problem =
        call_it(call, true, c->hooks.send_email_uri, c->hooks.send_email_secrets, &b, &output);
    equal_time_note(EQUAL_TIME_MAIL, asked_at);
    return problem;
}

enum problem hook_password_attempt(struct call *call, const struct uuid *user_id, bool valid,
                                   bool *logout)
{
    const struct config *c = call->services->config;
    const struct json_t *output;
    const char *message;
    *logout = false;
    if (!c->hooks.password_verification_attempt_on) {
        return P_OK;
    }
    struct strbuf b = begin(call, "password-verification");
    id(&b, "user_id", user_id);
    strbuf_str(&b, valid ? ",\"valid\":true" : ",\"valid\":false");
    int64_t asked_at = clock_steady_us();
    enum problem problem = call_it(call, true, c->hooks.password_verification_attempt_uri,
                                   c->hooks.password_verification_attempt_secrets, &b, &output);
    equal_time_note(EQUAL_TIME_PASSWORD, asked_at);
    if (!problem &&
        rejected(call, output, "Further password verification attempts will be rejected.",
                 &message)) {
        *logout = json_truth(json_member(output, "should_logout_user"));
        problem = ctx_fail(&call->ctx, P_PASSWORD_REJECTED, message);
    }
    return problem;
}

enum problem hook_mfa_attempt(struct call *call, const struct uuid *factor_id, const char *type,
                              bool valid)
{
    const struct config *c = call->services->config;
    const struct json_t *output;
    const char *message;
    if (!c->hooks.mfa_verification_attempt_on) {
        return P_OK;
    }
    struct strbuf b = begin(call, "mfa-verification");
    id(&b, "user_id", &call->principal.user.id);
    id(&b, "factor_id", factor_id);
    text(&b, "factor_type", type);
    strbuf_str(&b, valid ? ",\"valid\":true" : ",\"valid\":false");
    enum problem problem = call_it(call, true, c->hooks.mfa_verification_attempt_uri,
                                   c->hooks.mfa_verification_attempt_secrets, &b, &output);
    if (!problem &&
        rejected(call, output, "Further MFA verification attempts will be rejected.", &message)) {
        problem = ctx_fail(&call->ctx, P_MFA_REJECTED, message);
    }
    return problem;
}

static const char *const kind_names[] = { "null",   "boolean", "integer", "number",
                                          "string", "array",   "object" };

/* §2.4: what the claims must be, one line a fault. */
static void check_claim(struct strbuf *faults, const struct json_t *claims, const char *name,
                        const char *wanted, bool required, unsigned kinds)
{
    const struct json_t *value = json_member_or_null(claims, name);
    if (!value && required) {
        strbuf_printf(faults, "\n- (root): %s is required", name);
    } else if (value && !(kinds & (1U << json_kind_of(value)))) {
        strbuf_printf(faults, "\n- %s: Invalid type. Expected: %s, given: %s", name, wanted,
                      kind_names[json_kind_of(value)]);
    }
}

static enum problem check_claims(struct call *call, const struct json_t *claims)
{
    enum {
        STRING = 1U << KIND_STRING,
        INTEGER = 1U << KIND_INT,
        OBJECT = 1U << KIND_OBJECT,
        ARRAY = 1U << KIND_ARRAY,
        BOOLEAN = 1U << KIND_BOOL
    };
    static const struct {
        const char *name, *wanted;
        bool required;
        unsigned kinds;
    } rules[] = {
        { "aud", "[string,array]", true, STRING | ARRAY },
        { "exp", "integer", true, INTEGER },
        { "iat", "integer", true, INTEGER },
        { "nbf", "integer", false, INTEGER },
        { "sub", "string", true, STRING },
        { "email", "string", true, STRING },
        { "phone", "string", true, STRING },
        { "role", "string", true, STRING },
        { "aal", "string", true, STRING },
        { "session_id", "string", true, STRING },
        { "is_anonymous", "boolean", true, BOOLEAN },
        { "iss", "string", false, STRING },
        { "jti", "string", false, STRING },
        { "client_id", "string", false, STRING },
        { "app_metadata", "object", false, OBJECT },
        { "user_metadata", "object", false, OBJECT },
        { "amr", "array", false, ARRAY },
    };
    struct strbuf faults = strbuf_in(call->ctx.arena, 8192);
    if (json_kind_of(claims) != KIND_OBJECT) {
        strbuf_printf(&faults, "\n- (root): Invalid type. Expected: object, given: %s",
                      claims ? kind_names[json_kind_of(claims)] : "null");
    }
    for (size_t i = 0; !faults.len && i < sizeof rules / sizeof rules[0]; i++) {
        check_claim(&faults, claims, rules[i].name, rules[i].wanted, rules[i].required,
                    rules[i].kinds);
    }
    if (!faults.len) {
        return P_OK;
    }
    return ctx_fail(&call->ctx, P_HOOK_CLAIMS,
                    arena_printf(call->ctx.arena,
                                 "output claims do not conform to the expected schema: %s",
                                 faults.data));
}

enum problem hook_access_token(struct call *call, struct issued_session *issued)
{
    const struct config *c = call->services->config;
    const struct json_t *output;
    int64_t expires_at_s;
    if (!c->hooks.custom_access_token_on) {
        return P_OK;
    }
    const char *claims = claims_text(&call->services->realm, &call->ctx, issued, &expires_at_s);
    struct strbuf b = begin(call, "customize-access-token");
    id(&b, "user_id", &issued->account.user.id);
    strbuf_str(&b, ",\"claims\":");
    strbuf_str(&b, claims ? claims : "{}");
    text(&b, "authentication_method", issued->method);
    enum problem problem = call_it(call, true, c->hooks.custom_access_token_uri,
                                   c->hooks.custom_access_token_secrets, &b, &output);
    if (problem) {
        return problem;
    }
    problem = output && !json_member(output, "claims")
                  ? ctx_fail(&call->ctx, P_HOOK_CLAIMS, "output claims field is missing")
                  : check_claims(call, json_member(output, "claims"));
    if (problem) {
        hook_log_failure(&call->ctx, c->hooks.custom_access_token_uri, problem);
    } else {
        struct strbuf own = strbuf_in(call->ctx.arena, PAYLOAD_MAX);
        json_write(&own, json_member(output, "claims"));
        issued->hook_claims = own.data;
    }
    return problem;
}

/* people.c: see people.h. */
#include "people.h"

#include "crypto/base32.h"
#include "crypto/base64.h"
#include "crypto/totp.h"

struct login_session session_in(const struct got *got)
{
    if (got->status != 200 || !got_text(got, "access_token")) {
        fail_msg("%s answered %d %s, no session", got->call->path, got->status, got->body);
    }
    const char *token = got_text(got, "access_token");
    const char *from = strchr(token, '.') + 1;
    uint8_t *text;
    size_t len;
    const char *detail;
    assert_true(base64url_decode(got->call->ctx.arena, from, strcspn(from, "."), &text, &len));
    const struct json_t *claims = json_read(got->call->ctx.arena, (char *)text, len, &detail);
    return (struct login_session){
        .access = token,
        .refresh = got_text(got, "refresh_token"),
        .user_id = got_text(got, "user.id"),
        .session_id = json_member_text(claims, "session_id"),
    };
}

struct login_session sign_up(struct rig *rig, const char *email)
{
    return session_in(
        ask(rig, "POST", "/signup", NULL,
            rig_text(rig, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email)));
}

struct login_session sign_up_anonymously(struct rig *rig)
{
    return session_in(ask(rig, "POST", "/signup", NULL, "{}"));
}

const struct got *password_grant(struct rig *rig, const char *email, const char *password)
{
    return ask(rig, "POST", "/token?grant_type=password", NULL,
               rig_text(rig, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

struct login_session sign_in(struct rig *rig, const char *email)
{
    return session_in(password_grant(rig, email, PASSWORD));
}

const struct got *refresh(struct rig *rig, const char *token)
{
    return ask(rig, "POST", "/token?grant_type=refresh_token", NULL,
               rig_text(rig, "{\"refresh_token\":\"%s\"}", token));
}

const struct got *enroll(struct rig *rig, const char *access, const char *name)
{
    return ask(rig, "POST", "/factors", access,
               rig_text(rig, "{\"factor_type\":\"totp\",\"friendly_name\":\"%s\"}", name));
}

struct totp enrolled(const struct got *got)
{
    if (got->status != 200) {
        fail_msg("the enrollment answered %d %s", got->status, got->body);
    }
    return (struct totp){ got_text(got, "id"), got_text(got, "totp.secret") };
}

const char *code_at(struct rig *rig, const struct totp *factor, int steps)
{
    char *code = arena_alloc(rig->arena, TOTP_CODE_TEXT);
    uint8_t *secret;
    size_t len;
    assert_true(base32_decode(rig->arena, factor->secret, &secret, &len));
    int64_t step = totp_step(&totp_default, rig->now_us) + steps;
    return totp_code(&totp_default, secret, len, step, code);
}

const char *wrong_code(struct rig *rig, const struct totp *factor)
{
    for (int n = 0;; n++) {
        char *code = rig_text(rig, "%06d", n);
        bool right = false;
        for (int steps = -2; steps <= 2; steps++) {
            right = right || strcmp(code, code_at(rig, factor, steps)) == 0;
        }
        if (!right) {
            return code;
        }
    }
}

const char *challenge(struct rig *rig, const char *access, const char *factor_id)
{
    const struct got *got =
        ask(rig, "POST", rig_text(rig, "/factors/%s/challenge", factor_id), access, NULL);
    expect_status(got, 200);
    return got_text(got, "id");
}

const struct got *verify(struct rig *rig, const char *access, const char *factor_id,
                         const char *challenge_id, const char *code)
{
    return ask(rig, "POST", rig_text(rig, "/factors/%s/verify", factor_id), access,
               rig_text(rig, "{\"challenge_id\":\"%s\",\"code\":\"%s\"}", challenge_id, code));
}

const struct got *prove(struct rig *rig, const char *access, const struct totp *factor,
                        const char *code)
{
    return verify(rig, access, factor->id, challenge(rig, access, factor->id), code);
}

struct totp add_totp(struct rig *rig, struct login_session *session, const char *name)
{
    struct totp factor = enrolled(enroll(rig, session->access, name));
    *session = session_in(prove(rig, session->access, &factor, code_at(rig, &factor, 0)));
    return factor;
}

static const struct json_t *claims_in(struct rig *rig, const char *access)
{
    const char *from = strchr(access, '.') + 1, *detail;
    uint8_t *text;
    size_t len;
    assert_true(base64url_decode(rig->arena, from, strcspn(from, "."), &text, &len));
    const struct json_t *claims = json_read(rig->arena, (char *)text, len, &detail);
    assert_non_null(claims);
    return claims;
}

const char *aal_in(struct rig *rig, const char *access)
{
    return json_member_text(claims_in(rig, access), "aal");
}

const char *amr_in(struct rig *rig, const char *access)
{
    const struct json_t *list = json_member(claims_in(rig, access), "amr");
    char *text = rig_text(rig, "%s", "");
    for (size_t i = 0; i < json_count(list); i++) {
        text = rig_text(rig, "%s%s%s", text, i ? "," : "",
                        json_member_text(json_nth(list, i), "method"));
    }
    return text;
}

int64_t exp_in(struct rig *rig, const char *access)
{
    int64_t exp = 0;
    assert_true(json_int(json_member(claims_in(rig, access), "exp"), &exp));
    return exp;
}

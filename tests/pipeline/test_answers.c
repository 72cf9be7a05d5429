/* test_answers.c: the shape of answers: both error envelopes (mfa.md 2.3,
 * accounts.md 1.2), headers, CORS (W10), unknown paths and methods (W7, W8), bodies (W4, W5),
 * limits (RL1). */
#include "people.h"

#include <stdlib.h>

static void the_old_envelope(void **state)
{
    struct rig *rig = *state;
    const struct got *got = ask(rig, "GET", "/user", NULL, NULL);
    assert_int_equal(got->status, 401);
    assert_string_equal(got->body, "{\"code\":401,\"error_code\":\"no_authorization\",\"msg\":"
                                   "\"This endpoint requires a valid Bearer token\"}");
    assert_string_equal(got_header(got, "x-sb-error-code"), "no_authorization");
    assert_null(got_header(got, "X-Supabase-Api-Version"));
    assert_string_equal(got_header(got, "Content-Type"), "application/json");
    assert_string_equal(got_header(got, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(got_header(got, "Cache-Control"), "no-store");
}

static void the_new_envelope(void **state)
{
    struct rig *rig = *state;
    static const char *const asks[] = { "2024-01-01", "2024-12-31", "2100-01-01" };
    static const char *const does_not[] = { "2023-12-31", "2024-1-1",   "2024-01-01 ", "",
                                            "2024-13-01", "2024-01-32", "20240101",    "latest" };
    for (size_t i = 0; i < COUNT(asks); i++) {
        rig_header(rig, "X-Supabase-Api-Version", asks[i]);
        const struct got *got = ask(rig, "GET", "/user", NULL, NULL);
        assert_string_equal(got->body, "{\"code\":\"no_authorization\",\"message\":"
                                       "\"This endpoint requires a valid Bearer token\"}");
        assert_string_equal(got_header(got, "X-Supabase-Api-Version"), "2024-01-01");
        assert_string_equal(got_header(got, "x-sb-error-code"), "no_authorization");
        assert_null(got_header(ask(rig, "GET", "/health", NULL, NULL), "X-Supabase-Api-Version"));
    }
    for (size_t i = 0; i < COUNT(does_not); i++) {
        rig_header(rig, "X-Supabase-Api-Version", does_not[i]);
        const struct got *got = ask(rig, "GET", "/user", NULL, NULL);
        assert_int_equal(got_int(got, "code"), 401);
        assert_null(got_header(got, "X-Supabase-Api-Version"));
    }
}

static void weak_passwords_name_their_reasons(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_PASSWORD_REQUIRED_CHARACTERS=abc:012");
    const char *body = "{\"email\":\"a@example.com\",\"password\":\"x\"}";
    const struct got *got = ask(rig, "POST", "/signup", NULL, body);
    assert_int_equal(got->status, 422);
    assert_string_equal(
        got->body, "{\"code\":422,\"error_code\":\"weak_password\",\"msg\":\"Password should be "
                   "at least 6 characters. Password should contain at least one character of "
                   "each: abc, 012.\",\"weak_password\":{\"reasons\":[\"length\","
                   "\"characters\"]}}");
    assert_string_equal(got_header(got, "x-sb-error-code"), "weak_password");
    rig_header(rig, "X-Supabase-Api-Version", "2024-01-01");
    got = ask(rig, "POST", "/signup", NULL, body);
    assert_string_equal(got_text(got, "weak_password.reasons.1"), "characters");
    assert_null(got_header(got, "x-sb-error-code")); /* row X3 */
}

/* Row X2: error_id in the old envelope, from 500 on, and only then. */
static void error_ids(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "REQUEST_ID_HEADER=X-Request-Id");
    struct login_session s = sign_up(rig, "a@example.com");
    struct ctx ctx = { .arena = rig->arena, .now_us = rig->now_us };
    struct strbuf b = strbuf_in(rig->arena, 1000);
    strbuf_printf(&b,
                  "{\"sub\":\"%s\",\"aud\":\"authenticated\",\"role\":\"authenticated\","
                  "\"exp\":%lld}",
                  s.user_id, (long long)(rig->now_us / US_PER_S + 60));
    const char *token = keyring_sign(rig->services->realm.keyring, ctx.arena, b.data, b.len);
    rig_header(rig, "X-Request-Id", "abc<1>");
    const struct got *got = enroll(rig, token, "x"); /* row G12 */
    expect_problem(got, ENROLL_NO_SESSION);
    assert_string_equal(got_text(got, "error_id"), "abc<1>");
    assert_null(got_text(ask(rig, "GET", "/user", NULL, NULL), "error_id"));
    rig_header(rig, "X-Supabase-Api-Version", "2024-01-01");
    assert_null(got_text(enroll(rig, token, "x"), "error_id"));
}

static void unknown_paths_and_methods(void **state)
{
    struct rig *rig = *state;
    static const char *const paths[] = { "/",          "/nope",         "/health/",
                                         "/settings/", "/HEALTH",       "/signup//",
                                         "/token/",    "/logout/",      "",
                                         "/auth/v1",   "/auth/v1/nope", "/auth/v1/auth/v1/health",
                                         "/health%20", "/../health" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct got *got = ask(rig, "GET", paths[i], NULL, NULL);
        bool gated = strcmp(paths[i], "/logout/") == 0;
        if (!gated && got->problem != P_NOT_FOUND) {
            fail_msg("%s: %d %s", paths[i], got->status, got->body);
        }
    }
    expect_status(ask(rig, "GET", "/auth/v1/health", NULL, NULL), 200);
    const struct got *got = ask(rig, "PATCH", "/signup", NULL, NULL);
    expect_problem(got, METHOD_NOT_ALLOWED);
    assert_string_equal(got_header(got, "Allow"), "POST");
    expect_status(ask(rig, "HEAD", "/health", NULL, NULL), 200);
    expect_problem(ask(rig, "HEAD", "/signup", NULL, NULL), METHOD_NOT_ALLOWED);
    expect_problem(ask(rig, "FOO", "/health", NULL, NULL), METHOD_NOT_ALLOWED);
    got = ask(rig, "PUT", "/verify", NULL, NULL);
    assert_string_equal(got_header(got, "Allow"), "HEAD, GET, POST");
    expect_problem(ask(rig, "OPTIONS", "/health", NULL, NULL), METHOD_NOT_ALLOWED);
}

static void slashes_at_the_end(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    expect_status(ask(rig, "GET", "/user/", s.access, NULL), 200);
    expect_status(ask(rig, "POST", "/signup/", NULL, "{}"), 200);
    expect_status(ask(rig, "GET", "/admin/users/", rig->service_key, NULL), 200);
    expect_status(
        ask(rig, "GET", rig_text(rig, "/admin/users/%s/", s.user_id), rig->service_key, NULL), 200);
}

static void grants(void **state)
{
    struct rig *rig = *state;
    static const char *const bad[] = { "/token", "/token?grant_type=", "/token?grant_type=Password",
                                       "/token?grant=password",
                                       "/token?grant_type=client_credentials" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        expect_problem(ask(rig, "POST", bad[i], NULL, "{}"), GRANT_UNSUPPORTED);
    }
    expect_problem(ask(rig, "POST", "/token?x=1&grant_type=pass%77ord", NULL, "{}"), LOGIN_NEITHER);
    rig_header(rig, "Content-Type", "application/x-www-form-urlencoded");
    expect_problem(ask(rig, "POST", "/token", NULL, "grant_type=password&email=a"), BAD_JSON);
}

static void preflights(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_CORS_ALLOWED_HEADERS=x-mine");
    rig_header(rig, "Origin", "https://app.example.com");
    rig_header(rig, "Access-Control-Request-Method", "PUT");
    rig_header(rig, "Access-Control-Request-Headers",
               "apikey,authorization,content-type,x-client-info,x-mine,x-supabase-api-version");
    static const char *const paths[] = { "/user", "/auth/v1/factors", "/nope", "/admin/users" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct got *got = ask(rig, "OPTIONS", paths[i], NULL, NULL);
        assert_int_equal(got->status, 204);
        assert_int_equal(got->len, 0);
        assert_string_equal(got_header(got, "Access-Control-Allow-Origin"), "*");
        assert_string_equal(got_header(got, "Access-Control-Allow-Methods"), "PUT");
        assert_non_null(strstr(got_header(got, "Access-Control-Allow-Headers"), "x-mine"));
        assert_non_null(strstr(got_header(got, "Vary"), "Access-Control-Request-Headers"));
        assert_null(got_header(got, "Content-Type"));
    }
}

static void preflights_refused(void **state)
{
    struct rig *rig = *state;
    static const char *const cases[][3] = {
        { "https://a.example", "PUT", "x-evil" },
        { "https://a.example", "PUT", "apikey, x-evil" },
        { "https://a.example", "TRACE", "apikey" },
        { NULL, "PUT", "apikey" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        rig_header(rig, "Origin", cases[i][0]);
        rig_header(rig, "Access-Control-Request-Method", cases[i][1]);
        rig_header(rig, "Access-Control-Request-Headers", cases[i][2]);
        const struct got *got = ask(rig, "OPTIONS", "/user", NULL, NULL);
        assert_int_equal(got->status, 204);
        assert_null(got_header(got, "Access-Control-Allow-Origin"));
        assert_null(got_header(got, "Access-Control-Allow-Headers"));
    }
}

static void other_answers_to_other_origins(void **state)
{
    struct rig *rig = *state;
    const struct got *got = ask(rig, "GET", "/health", NULL, NULL);
    assert_string_equal(got_header(got, "Vary"), "Origin");
    assert_null(got_header(got, "Access-Control-Allow-Origin"));
    rig_header(rig, "Origin", "https://a.example");
    const char *paths[] = { "/health", "/user", "/nope" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        got = ask(rig, "GET", paths[i], NULL, NULL);
        assert_string_equal(got_header(got, "Access-Control-Allow-Origin"), "*");
        assert_string_equal(got_header(got, "Access-Control-Expose-Headers"),
                            "X-Total-Count, Link, X-Supabase-Api-Version, RateLimit-Limit, "
                            "RateLimit-Remaining, RateLimit-Reset, Retry-After");
        assert_null(got_header(got, "Access-Control-Allow-Credentials"));
    }
}

static void bodies(void **state)
{
    struct rig *rig = *state;
    static const char *const bad[] = { "",
                                       "[]",
                                       "\"x\"",
                                       "1",
                                       "{",
                                       "{\"email\":1}",
                                       "{\"data\":\"x\"}",
                                       "{\"email\":\"a@b.c\",\"email\":\"d@b.c\"}",
                                       "x=1" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        expect_problem(ask(rig, "POST", "/signup", NULL, bad[i]), BAD_JSON);
    }
    expect_problem(ask_bytes(rig, "POST", "/signup", NULL, "{}\0", 3), BAD_JSON);
    expect_problem(ask_bytes(rig, "POST", "/signup", NULL, "{\"a\":\"\0\"}", 9), BAD_JSON);
    expect_status(ask(rig, "POST", "/signup", NULL, "null"), 200);
    char *large = arena_alloc(rig->arena, (1 << 20) + 2);
    memset(large, ' ', (1 << 20) + 1);
    memcpy(large, "{}", 2);
    expect_status(ask_bytes(rig, "POST", "/signup", NULL, large, 1 << 20), 200);
    expect_problem(ask_bytes(rig, "POST", "/signup", NULL, large, (1 << 20) + 1), BODY_TOO_LARGE);
    const struct got *got =
        ask_bytes(rig, "POST", "/token?grant_type=password", NULL, large, (1 << 20) + 1);
    assert_int_equal(got->status, 413);
    expect_problem(ask_bytes(rig, "POST", "/factors", NULL, large, (1 << 20) + 1), NO_BEARER);
}

static void headers_that_are_no_text(void **state)
{
    struct rig *rig = *state;
    rig_header(rig, "User-Agent", "bad \xff agent");
    expect_problem(ask(rig, "GET", "/health", NULL, NULL), BAD_REQUEST_TEXT);
    rig_header(rig, "User-Agent", NULL);
    expect_problem(ask(rig, "POST", "/token?grant_type=%ff", NULL, "{}"), BAD_REQUEST_TEXT);
    expect_problem(ask(rig, "GET", "/admin/users?filter=%00", rig->service_key, NULL),
                   BAD_REQUEST_TEXT);
}

static int until_refused(struct rig *rig, const char *method, const char *target, const char *token,
                         const char *body)
{
    for (int n = 0; n < 200; n++) {
        const struct got *got = ask(rig, method, target, token, body);
        if (got->problem == P_RATE_LIMITED) {
            expect_problem(got, RATE_LIMITED);
            assert_true(strtol(got_header(got, "Retry-After"), NULL, 10) >= 1);
            return n;
        }
    }
    return -1;
}

static void limits_act_by_the_header(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_RATE_LIMIT_HEADER=X-Real-Ip", "GOTRUE_RATE_LIMIT_TOKEN_REFRESH=1",
                "GOTRUE_RATE_LIMIT_ANONYMOUS_USERS=3",
                "GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY=1");
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *open = rig_text(rig, "/factors/%s/challenge", f.id);
    const char *token = "/token?grant_type=refresh_token", *body = "{\"refresh_token\":\"x\"}";
    assert_int_equal(until_refused(rig, "POST", token, NULL, body), -1); /* no header, no limit */
    rig_header(rig, "X-Real-Ip", " ,1.1.1.1");
    assert_int_equal(until_refused(rig, "POST", token, NULL, body), -1);
    rig_header(rig, "X-Real-Ip", "1.1.1.1, 9.9.9.9");
    assert_int_equal(until_refused(rig, "POST", token, NULL, body), 30);
    rig_header(rig, "X-Real-Ip", " 1.1.1.1 ");
    assert_int_equal(until_refused(rig, "POST", token, NULL, body), 0);
    rig_header(rig, "X-Real-Ip", "2.2.2.2");
    assert_int_equal(until_refused(rig, "POST", token, NULL, body), 30);
    assert_int_equal(until_refused(rig, "POST", open, s.access, NULL), 30); /* its own bucket */
    assert_int_equal(until_refused(rig, "POST", "/signup", NULL, "{}"), 3);
    expect_status(ask(rig, "POST", "/signup", NULL, /* sign-ups by name have another */
                      "{\"email\":\"b@example.com\",\"password\":\"" PASSWORD "\"}"),
                  200);
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
}

static void limits_by_address_where_set(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_RATE_LIMIT_BY_ADDRESS=true",
                "GOTRUE_RATE_LIMIT_ANONYMOUS_USERS=2");
    assert_int_equal(until_refused(rig, "POST", "/signup", NULL, "{}"), 2);
    rig->peer = "192.0.2.77";
    assert_int_equal(until_refused(rig, "POST", "/signup", NULL, "{}"), 2);
    rig->peer = "2001:db8:0:7::1";
    assert_int_equal(until_refused(rig, "POST", "/signup", NULL, "{}"), 2);
    rig->peer = "2001:db8:0:7:1::2"; /* of the same network: the same client */
    assert_int_equal(until_refused(rig, "POST", "/signup", NULL, "{}"), 0);
}

/* Row B8, W1. */
static void what_holds_secrets_is_not_stored(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    const struct got *got[] = {
        password_grant(rig, "a@example.com", PASSWORD),
        refresh(rig, s.refresh),
        enroll(rig, s.access, "x"),
        ask(rig, "GET", "/user", s.access, NULL),
        ask(rig, "GET", "/admin/users", rig->service_key, NULL),
    };
    for (size_t i = 0; i < COUNT(got); i++) {
        expect_status(got[i], 200);
        assert_string_equal(got_header(got[i], "Cache-Control"), "no-store");
    }
    assert_non_null(
        strstr(got_header(ask(rig, "GET", "/.well-known/jwks.json", NULL, NULL), "Cache-Control"),
               "max-age=600"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_old_envelope),
        RIG_TEST(the_new_envelope),
        RIG_TEST(weak_passwords_name_their_reasons),
        RIG_TEST(error_ids),
        RIG_TEST(unknown_paths_and_methods),
        RIG_TEST(slashes_at_the_end),
        RIG_TEST(grants),
        RIG_TEST(preflights),
        RIG_TEST(preflights_refused),
        RIG_TEST(other_answers_to_other_origins),
        RIG_TEST(bodies),
        RIG_TEST(headers_that_are_no_text),
        RIG_TEST(limits_act_by_the_header),
        RIG_TEST(limits_by_address_where_set),
        RIG_TEST(what_holds_secrets_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_claims.c: access tokens made and read (rows S4, S5, S9, B15; internals.md §2.1). */
#include "base/json.h"
#include "crypto/base64.h"
#include "domain/claims.h"

#include "../crypto/testing.h"

#define NOW_S INT64_C(1772366405)

struct stage {
    struct config config;
    struct realm realm;
    struct ctx ctx;
    struct issued_session issued;
};

static struct stage stage(struct arena *arena)
{
    const char *error = NULL;
    struct keyring_settings settings = { .secret = "0123456789abcdef0123456789abcdef" };
    struct stage s = {
        .config = { .jwt.exp_s = 3600, .jwt.issuer = "https://auth.example.com", .jwt.aud = "" },
        .ctx = { .arena = arena, .now_us = NOW_S * US_PER_S + 999999 },
    };
    s.realm.keyring = keyring_new(arena, &settings, &error);
    assert_non_null(s.realm.keyring);
    s.issued.account.user = (struct user){
        .aud = "authenticated",
        .role = "authenticated",
        .email = "a@example.com",
        .app_metadata = "{\"provider\":\"email\"}",
        .user_metadata = "{\"n\":9007199254740993}",
    };
    uuid_parse("00112233-4455-4677-8899-aabbccddeeff", &s.issued.account.user.id);
    uuid_parse("10112233-4455-4677-8899-aabbccddeeff", &s.issued.session.id);
    s.issued.session.created_at = NOW_S * US_PER_S;
    s.issued.amr[0] = (struct amr){ "totp", NOW_S * US_PER_S + 500000 };
    s.issued.amr[1] = (struct amr){ "password", (NOW_S - 10) * US_PER_S };
    s.issued.n_amr = 2;
    return s;
}

static void release(struct stage *s)
{
    struct keyring *keyring = (struct keyring *)(uintptr_t)s->realm.keyring;
    keyring_free(&keyring);
}

static const char *payload_of(struct arena *arena, const char *token)
{
    const char *from = strchr(token, '.') + 1;
    uint8_t *text;
    size_t len;
    assert_true(base64url_decode(arena, from, strcspn(from, "."), &text, &len));
    return arena_strndup(arena, (char *)text, len);
}

static void the_whole_payload(void **state)
{
    struct stage s = stage(*state);
    s.realm.config = &s.config;
    int64_t exp;
    const char *token = claims_sign(&s.realm, &s.ctx, &s.issued, &exp);
    assert_int_equal(exp, NOW_S + 3600);
    assert_string_equal(
        payload_of(*state, token),
        "{\"iss\":\"https://auth.example.com\",\"sub\":\"00112233-4455-4677-8899-aabbccddeeff\","
        "\"aud\":\"authenticated\",\"exp\":1772370005,\"iat\":1772366405,"
        "\"email\":\"a@example.com\",\"phone\":\"\",\"app_metadata\":{\"provider\":\"email\"},"
        "\"user_metadata\":{\"n\":9007199254740993},\"role\":\"authenticated\",\"aal\":\"aal2\","
        "\"amr\":[{\"method\":\"totp\",\"timestamp\":1772366405},"
        "{\"method\":\"password\",\"timestamp\":1772366395}],"
        "\"session_id\":\"10112233-4455-4677-8899-aabbccddeeff\",\"is_anonymous\":false}");
    release(&s);
}

static void what_is_left_out(void **state)
{
    struct stage s = stage(*state);
    s.realm.config = &s.config;
    int64_t exp;
    s.config.jwt.issuer = "";
    s.issued.n_amr = 0;
    s.issued.account.user.is_anonymous = true;
    const char *payload = payload_of(*state, claims_sign(&s.realm, &s.ctx, &s.issued, &exp));
    assert_null(strstr(payload, "\"iss\""));
    assert_null(strstr(payload, "\"amr\""));
    assert_non_null(strstr(payload, "\"aal\":\"aal1\""));
    assert_non_null(strstr(payload, "\"is_anonymous\":true}"));
    release(&s);
}

static void a_low_level_ends_early(void **state)
{
    struct stage s = stage(*state);
    s.realm.config = &s.config;
    struct factor verified = { .status = "verified" };
    int64_t exp;
    s.config.sessions.low_aal_us = 600 * US_PER_S;
    s.issued.n_amr = 0;
    claims_sign(&s.realm, &s.ctx, &s.issued, &exp);
    assert_int_equal(exp, NOW_S + 3600);
    s.issued.account.factors = &verified;
    s.issued.account.n_factors = 1;
    claims_sign(&s.realm, &s.ctx, &s.issued, &exp);
    assert_int_equal(exp, NOW_S + 600);
    s.issued.n_amr = 2;
    claims_sign(&s.realm, &s.ctx, &s.issued, &exp);
    assert_int_equal(exp, NOW_S + 3600);
    release(&s);
}

static enum problem read_payload(struct stage *s, const char *payload, struct claims *out)
{
    s->realm.config = &s->config;
    const char *token = keyring_sign(s->realm.keyring, s->ctx.arena, payload, strlen(payload));
    return claims_read(&s->realm, &s->ctx, token, out);
}

static void reading(void **state)
{
    struct stage s = stage(*state);
    struct claims c;
    assert_int_equal(read_payload(&s,
                                  "{\"sub\":\"x\",\"role\":\"r\",\"aud\":[\"a\",\"b\"],"
                                  "\"session_id\":\"\",\"exp\":1772366406.5,"
                                  "\"is_anonymous\":true,\"amr\":[\"password\"]}",
                                  &c),
                     P_OK);
    assert_string_equal(c.sub, "x");
    assert_string_equal(c.role, "r");
    assert_string_equal(c.aud, "a");
    assert_string_equal(c.session_id, "");
    assert_null(c.iss);
    assert_true(c.has_exp && c.is_anonymous);
    assert_int_equal(read_payload(&s, "{\"sub\":null,\"aud\":\"z\"}", &c), P_OK);
    assert_null(c.sub);
    assert_string_equal(c.aud, "z");
    assert_false(c.has_exp || c.is_anonymous);
    release(&s);
}

static void refusals(void **state)
{
    struct stage s = stage(*state);
    static const struct {
        const char *payload, *detail;
    } bad[] = {
        { "[]", "could not JSON decode claim" },
        { "{\"exp\":1}", "token is expired" },
        { "{\"exp\":1772366405}", "token is expired" },
        { "{\"exp\":\"1872366405\"}", "could not JSON decode claim" },
        { "{\"exp\":true}", "could not JSON decode claim" },
        { "{\"nbf\":1772366407}", "not valid yet" },
        { "{\"nbf\":[]}", "could not JSON decode claim" },
        { "{\"sub\":1}", "could not JSON decode claim" },
        { "{\"role\":{}}", "could not JSON decode claim" },
        { "{\"session_id\":7}", "could not JSON decode claim" },
        { "{\"iss\":[]}", "could not JSON decode claim" },
        { "{\"sub\":\"a\",\"sub\":\"b\"}", "could not JSON decode claim" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct claims c;
        if (read_payload(&s, bad[i].payload, &c) != P_BAD_JWT ||
            !strstr(s.ctx.problem_arg, bad[i].detail)) {
            fail_msg("%s: %s", bad[i].payload, s.ctx.problem_arg);
        }
    }
    release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(the_whole_payload),
        ARENA_TEST(what_is_left_out),
        ARENA_TEST(a_low_level_ends_early),
        ARENA_TEST(reading),
        ARENA_TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

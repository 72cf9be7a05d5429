/* test_check_outgoing.c: clamps, rates, test codes, and the forms of hook addresses and secrets
 * (internals.md §1.7, §1.8, §1.11). */
#include "config/config.h"

#include "base/clock.h"

#include "../crypto/testing.h"

static const struct config *load(struct arena *arena, const char *const *entries,
                                 const char **error)
{
    struct config_sources sources = { .environment = entries };
    *error = NULL;
    return config_load(arena, &sources, error);
}

static const struct config *good(struct arena *arena, const char *one, const char *two)
{
    const char *const entries[] = { one, two, NULL };
    const char *error;
    const struct config *c = load(arena, entries, &error);
    if (!c) {
        fail_msg("%s: %s", one, error);
    }
    return c;
}

static void bad(struct arena *arena, const char *one, const char *part)
{
    const char *const entries[] = { one, NULL };
    const char *error;
    if (load(arena, entries, &error)) {
        fail_msg("%s is allowed", one);
    }
    if (!strstr(error, part)) {
        fail_msg("%s: %s", one, error);
    }
}

static void clamps(void **state)
{
    const struct config *c = good(*state, "GOTRUE_MAILER_OTP_LENGTH=5", "GOTRUE_SMS_OTP_LENGTH=11");
    assert_int_equal(c->mail.otp_length, 6);
    assert_int_equal(c->sms.otp_length, 6);
    c = good(*state, "GOTRUE_MAILER_OTP_LENGTH=10", "GOTRUE_SMS_OTP_LENGTH=7");
    assert_int_equal(c->mail.otp_length, 10);
    assert_int_equal(c->sms.otp_length, 7);
    c = good(*state, "GOTRUE_SMTP_MAX_FREQUENCY=0", "GOTRUE_SMS_MAX_FREQUENCY=0s");
    assert_int_equal(c->mail.smtp_max_frequency_us, 60 * US_PER_S);
    assert_int_equal(c->sms.max_frequency_us, 60 * US_PER_S);
    c = good(*state, "GOTRUE_SMTP_MAX_FREQUENCY=1ns", "GOTRUE_SMS_MAX_FREQUENCY=1ms");
    assert_int_equal(c->mail.smtp_max_frequency_us, 1);
    assert_int_equal(c->sms.max_frequency_us, 1000);
    c = good(*state, "GOTRUE_MAILER_OTP_EXP=0", "GOTRUE_SMS_OTP_EXP=0");
    assert_int_equal(c->mail.otp_exp_s, 86400);
    assert_int_equal(c->sms.otp_exp_s, 60);
}

static void folders(void **state)
{
    const struct config *c = good(*state, "DATABASE_URL=sqlite:///var/lib/x/auth.db", NULL);
    assert_string_equal(c->mail.dir, "/var/lib/x/outbox");
    assert_string_equal(c->sms.dir, "/var/lib/x/outbox");
    c = good(*state, "DATABASE_URL=sqlite:auth.db", "COUNTERSIGN_SMS_DIR=/s");
    assert_string_equal(c->mail.dir, "./outbox");
    assert_string_equal(c->sms.dir, "/s");
    assert_true(c->sms_in_folder);
    assert_true(good(*state, "GOTRUE_SITE_URL=https://x.example", NULL)->sms_in_folder);
    assert_false(
        good(*state, "GOTRUE_SITE_URL=https://x.example", "GOTRUE_SMTP_HOST=mail.example.com")
            ->sms_in_folder);
    assert_true(
        good(*state, "COUNTERSIGN_SMS_DIR=/s", "GOTRUE_SMTP_HOST=mail.example.com")->sms_in_folder);
    assert_false(
        good(*state, "COUNTERSIGN_SMS_DIR=/s", "GOTRUE_SMS_PROVIDER=vonage")->sms_in_folder);
}

static void rates(void **state)
{
    const struct config *c =
        good(*state, "GOTRUE_RATE_LIMIT_EMAIL_SENT=10/20s", "GOTRUE_RATE_LIMIT_SMS_SENT=0");
    assert_true(c->email_rate.n == 10 && c->email_rate.refill_us == 20 * US_PER_S);
    assert_true(c->sms_rate.n == 0 && c->sms_rate.refill_us == 0);
    static const char *const wrong[] = { "x",       "5/",   "5/0", "5/x",   "-1",
                                         "1.5/10s", "5/10", "nan", "5/-1s", "inf" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        bad(*state, arena_printf(*state, "GOTRUE_RATE_LIMIT_EMAIL_SENT=%s", wrong[i]),
            "GOTRUE_RATE_LIMIT_EMAIL_SENT=");
    }
}

static void test_codes(void **state)
{
    const struct config *c = good(*state, "GOTRUE_SMS_TEST_OTP=+1 555 1:111111,15552:222222",
                                  "GOTRUE_SMS_TEST_OTP_VALID_UNTIL=2026-01-01T00:00:00Z");
    int64_t until = INT64_C(1767225600) * US_PER_S;
    assert_string_equal(config_test_otp(c, "15551", until - 1), "111111");
    assert_string_equal(config_test_otp(c, "15552", until - 1), "222222");
    assert_null(config_test_otp(c, "15553", until - 1));
    assert_null(config_test_otp(c, "15551", until));
    c = good(*state, "GOTRUE_SMS_TEST_OTP=15551:111111", NULL);
    assert_string_equal(config_test_otp(c, "15551", INT64_MAX), "111111");
    bad(*state, "GOTRUE_SMS_TEST_OTP=15551", "phone:code");
    bad(*state, "GOTRUE_SMS_TEST_OTP=1:2:3", "phone:code");
    bad(*state, "GOTRUE_SMS_TEST_OTP_VALID_UNTIL=soon", "a time as in");
    bad(*state, "GOTRUE_SMS_PROVIDER=pigeon", "twilio_verify");
}

static void hook_addresses(void **state)
{
    static const char *const right[] = { "https://h/x",          "http://localhost",
                                         "http://localhost:8/x", "http://127.0.0.1/",
                                         "http://[::1]:9/x?y#z", "http://host.docker.internal:80" };
    static const char *const wrong[] = { "http://example.com",
                                         "http://localhost.evil.com",
                                         "http://localhost@evil.com/",
                                         "http://127.0.0.1.evil.com",
                                         "ftp://localhost",
                                         "localhost",
                                         "https://",
                                         "http://a:b@localhost/",
                                         "http://[::1].evil.com" };
    for (size_t i = 0; i < COUNT(right); i++) {
        good(*state, arena_printf(*state, "GOTRUE_HOOK_SEND_SMS_URI=%s", right[i]), NULL);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        bad(*state, arena_printf(*state, "GOTRUE_HOOK_SEND_SMS_URI=%s", wrong[i]),
            "GOTRUE_HOOK_SEND_SMS_URI=");
    }
    bad(*state, "GOTRUE_HOOK_SEND_EMAIL_ENABLED=true", "GOTRUE_HOOK_SEND_EMAIL_URI must be set");
}

static void hook_secrets(void **state)
{
    const char *uri = "GOTRUE_HOOK_SEND_SMS_URI=https://h/";
    const char *key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    static const char *const wrong[] = { "v1,whsec_short",
                                         "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
                                         "v1,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFR-_",
                                         "v1a,whpk_AAAA:whsk_AAAA",
                                         "|",
                                         "x" };
    good(*state, uri,
         arena_printf(*state, "GOTRUE_HOOK_SEND_SMS_SECRETS=v1,whsec_%s|v1,whsec_%s", key, key));
    good(*state, uri,
         arena_printf(*state, "GOTRUE_HOOK_SEND_SMS_SECRETS=v1a,whpk_%s%s:whsk_%s%s", key, key, key,
                      key));
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *entries[] = { uri,
                                  arena_printf(*state, "GOTRUE_HOOK_SEND_SMS_SECRETS=%s", wrong[i]),
                                  NULL };
        const char *error;
        assert_null(load(*state, entries, &error));
        assert_non_null(strstr(error, "invalid secret format"));
        assert_null(strstr(error, wrong[i][0] == 'v' ? wrong[i] + 9 : "AAEC"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(clamps),     ARENA_TEST(folders),        ARENA_TEST(rates),
        ARENA_TEST(test_codes), ARENA_TEST(hook_addresses), ARENA_TEST(hook_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

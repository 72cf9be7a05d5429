/* test_sign_up.c: POST /signup (accounts.md section 2): accounts that exist, what
 * strangers must not get, reserved keys of the metadata; and how guessing of passwords is slowed
 * (row RL3). */
#include "people.h"

static const struct got *sign_up_as(struct rig *rig, const char *fields)
{
    return ask(rig, "POST", "/signup", NULL,
               rig_text(rig, "{%s,\"password\":\"" PASSWORD "\"}", fields));
}

static const struct got *make_user(struct rig *rig, const char *fields)
{
    return expect_status(
        ask(rig, "POST", "/admin/users", rig->service_key, rig_text(rig, "{%s}", fields)), 200);
}

static void a_confirmed_address_is_taken(void **state)
{
    struct rig *rig = *state;
    sign_up(rig, "a@example.com");
    expect_problem(sign_up_as(rig, "\"email\":\"a@example.com\""), USER_EXISTS);
    expect_problem(sign_up_as(rig, "\"email\":\"A@Example.COM\""), USER_EXISTS);
    rig_header(rig, "X-JWT-AUD", "another"); /* row W13: unique over all audiences */
    expect_problem(sign_up_as(rig, "\"email\":\"a@example.com\""), USER_EXISTS);
}

/* The serious notes of section 2: no session for an account that somebody else made. */
static void an_unconfirmed_account_gives_no_session(void **state)
{
    struct rig *rig = *state;
    make_user(rig, "\"email\":\"a@example.com\",\"phone\":\"+15550000001\",\"email_confirm\":true");
    make_user(rig, "\"email\":\"b@example.com\",\"phone\":\"+15550000002\",\"phone_confirm\":true");
    make_user(rig, "\"email\":\"c@example.com\"");
    static const char *const fields[] = { "\"phone\":\"+15550000001\"",
                                          "\"email\":\"b@example.com\"",
                                          "\"email\":\"c@example.com\"" };
    static const char *const settings[][2] = {
        { "GOTRUE_MAILER_AUTOCONFIRM=true", "GOTRUE_SMS_AUTOCONFIRM=true" },
        { "GOTRUE_MAILER_AUTOCONFIRM=true", "GOTRUE_SMS_AUTOCONFIRM=false" },
        { "GOTRUE_MAILER_AUTOCONFIRM=false", "GOTRUE_SMS_AUTOCONFIRM=true" },
        { "GOTRUE_MAILER_AUTOCONFIRM=false", "GOTRUE_SMS_AUTOCONFIRM=false" },
    };
    for (size_t k = 0; k < COUNT(settings); k++) {
        rig_restart(rig, settings[k][0], settings[k][1]);
        for (size_t i = 0; i < COUNT(fields); i++) {
            const struct got *got = sign_up_as(rig, fields[i]);
            if (got_text(got, "access_token")) {
                fail_msg("a session for %s with %s %s", fields[i], settings[k][0], settings[k][1]);
            }
        }
    }
}

/* Row SU20. */
static void a_pretended_user_shows_nothing_of_the_real_one(void **state)
{
    struct rig *rig = *state;
    struct login_session real = sign_up(rig, "a@example.com");
    add_totp(rig, &real, "x");
    expect_status(ask(rig, "PUT", "/user", real.access, "{\"data\":{\"secret\":\"s3\"}}"), 200);
    rig_restart(rig, "GOTRUE_MAILER_AUTOCONFIRM=false", "GOTRUE_SMS_AUTOCONFIRM=false");
    const struct got *got =
        expect_status(sign_up_as(rig, "\"email\":\"a@example.com\",\"data\":{\"n\":1}"), 200);
    assert_string_not_equal(got_text(got, "id"), real.user_id);
    assert_string_equal(got_text(got, "email"), "a@example.com");
    assert_int_equal(json_count(got_value(got, "identities")), 0);
    assert_int_equal(json_kind_of(got_value(got, "identities")), KIND_ARRAY);
    assert_int_equal(got_int(got, "user_metadata.n"), 1);
    static const char *const hidden[] = { "factors", "email_confirmed_at", "last_sign_in_at",
                                          "confirmed_at", "access_token" };
    for (size_t i = 0; i < COUNT(hidden); i++) {
        assert_null(got_value(got, hidden[i]));
    }
    assert_null(strstr(got->body, "s3"));
}

static void reserved_keys_of_the_metadata(void **state)
{
    struct rig *rig = *state;
    struct login_session victim = sign_up(rig, "victim@example.com");
    const struct got *got = expect_status(
        sign_up_as(rig, "\"phone\":\"+15550000003\",\"data\":{\"email\":\"victim@example.com\","
                        "\"sub\":\"x\",\"phone\":\"1\",\"email_verified\":true,"
                        "\"phone_verified\":true,\"name\":\"N\"}"),
        200);
    const char *id = got_text(got, "user.id");
    assert_string_not_equal(id, victim.user_id);
    static const char *const places[] = { "user.user_metadata", "user.identities.0.identity_data" };
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_string_equal(got_text(got, rig_text(rig, "%s.sub", places[i])), id);
        assert_null(got_value(got, rig_text(rig, "%s.email", places[i])));
        assert_false(json_truth(got_value(got, rig_text(rig, "%s.email_verified", places[i]))));
        assert_string_equal(got_text(got, rig_text(rig, "%s.name", places[i])), "N");
    }
    got = expect_status(sign_up_as(rig, "\"email\":\"m@example.com\",\"data\":{\"email\":7,"
                                        "\"sub\":null,\"z\":null}"),
                        200);
    assert_string_equal(got_text(got, "user.user_metadata.email"), "m@example.com");
    assert_string_equal(got_text(got, "user.identities.0.identity_data.email"), "m@example.com");
    assert_null(got_value(got, "user.user_metadata.z"));
    expect_status(ask(rig, "POST", "/token?grant_type=password", NULL,
                      "{\"email\":\"victim@example.com\",\"password\":\"" PASSWORD "\"}"),
                  200);
}

static void the_session_of_a_sign_up(void **state)
{
    struct rig *rig = *state;
    const struct got *got =
        expect_status(sign_up_as(rig, "\"email\":\"New@Example.com\",\"data\":{\"a\":1}"), 200);
    struct login_session s = session_in(got);
    assert_string_equal(got_text(got, "user.email"), "new@example.com");
    assert_string_equal(got_text(got, "user.role"), "authenticated");
    assert_string_equal(got_text(got, "user.app_metadata.provider"), "email");
    assert_int_equal(got_int(got, "expires_in"), 3600);
    assert_int_equal(got_int(got, "expires_at"), rig->now_us / US_PER_S + 3600);
    assert_string_equal(got_text(got, "user.email_confirmed_at"), "2026-03-01T12:00:05Z");
    assert_string_equal(got_text(got, "user.created_at"), "2026-03-01T12:00:05Z");
    assert_string_equal(amr_in(rig, s.access), "password");
    assert_string_equal(got_header(got, "sb-auth-user-id"), s.user_id);
    assert_string_equal(got_header(got, "sb-auth-session-id"), s.session_id);
    assert_string_equal(got_header(got, "sb-auth-refresh-token-counter"), "0");
}

static void anonymous_people(void **state)
{
    struct rig *rig = *state;
    const struct got *got = expect_status(
        ask(rig, "POST", "/signup", NULL, "{\"data\":{\"a\":1},\"password\":\"ignored\"}"), 200);
    struct login_session s = session_in(got);
    assert_true(json_truth(got_value(got, "user.is_anonymous")));
    assert_string_equal(amr_in(rig, s.access), "anonymous");
    expect_problem(ask(rig, "PUT", "/user", s.access, "{\"password\":\"long enough\"}"),
                   ANONYMOUS_PASSWORD);
    got = ask(rig, "PUT", "/user", s.access,
              "{\"email\":\"a@example.com\",\"password\":\"" PASSWORD "\"}");
    expect_status(got, 200);
    assert_false(json_truth(got_value(got, "is_anonymous")));
    assert_string_equal(got_text(got, "app_metadata.provider"), "email");
    sign_in(rig, "a@example.com");
    rig_restart(rig, "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED=false");
    expect_problem(ask(rig, "POST", "/signup", NULL, "{}"), ANONYMOUS_DISABLED);
}

static void refusals_in_their_order(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *body;
        enum problem problem;
    } cases[] = {
        { "{\"email\":\"a@b.c\"}", P_SIGNUP_NO_PASSWORD },
        { "{\"email\":\"a@b.c\",\"phone\":\"+15550000001\"}", P_SIGNUP_NO_PASSWORD },
        { "{\"email\":\"bad\",\"password\":\"x\"}", P_PASSWORD_WEAK },
        { "{\"email\":\"a@b.c\",\"phone\":\"1\",\"password\":\"123456\"}", P_SIGNUP_BOTH },
        { "{\"phone\":\"bad\",\"password\":\"123456\",\"channel\":\"x\"}", P_CHANNEL_INVALID },
        { "{\"email\":\"bad\",\"password\":\"123456\",\"code_challenge\":\"x\"}",
          P_PKCE_INCOMPLETE },
        { "{\"email\":\"bad\",\"password\":\"123456\"}", P_EMAIL_INVALID },
        { "{\"phone\":\"bad\",\"password\":\"123456\"}", P_PHONE_INVALID },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct got *got = ask(rig, "POST", "/signup", NULL, cases[i].body);
        if (got->problem != cases[i].problem) {
            fail_msg("%s: %s", cases[i].body, got->body);
        }
    }
    char long_one[74] = "";
    memset(long_one, 'x', 73);
    const struct got *got =
        ask(rig, "POST", "/signup", NULL,
            rig_text(rig, "{\"email\":\"a@b.c\",\"password\":\"%s\"}", long_one));
    expect_problem(got, PASSWORD_TOO_LONG);
    rig_restart(rig, "GOTRUE_DISABLE_SIGNUP=true");
    expect_problem(ask(rig, "POST", "/signup", NULL, "{}"), SIGNUP_DISABLED);
    expect_problem(ask(rig, "POST", "/signup", NULL, "{\"email\":\"a@b.c\"}"), SIGNUP_DISABLED);
}

static void signing_in(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    const struct got *got = expect_status(password_grant(rig, "A@EXAMPLE.com", PASSWORD), 200);
    assert_non_null(strstr(got->body, "\"weak_password\":null")); /* row O9 */
    expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    expect_problem(password_grant(rig, "nobody@example.com", PASSWORD), CREDENTIALS_INVALID);
    expect_status(ask(rig, "PUT", rig_text(rig, "/admin/users/%s", s.user_id), rig->service_key,
                      "{\"ban_duration\":\"1h\"}"),
                  200);
    expect_problem(password_grant(rig, "a@example.com", PASSWORD), LOGIN_BANNED);
    expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    rig_wait(rig, 3600);
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
    make_user(rig, "\"email\":\"u@example.com\",\"password\":\"" PASSWORD "\"");
    expect_problem(password_grant(rig, "u@example.com", PASSWORD), EMAIL_NOT_CONFIRMED);
}

static void expect_slowed(struct rig *rig, const char *email, int seconds)
{
    const struct got *got = password_grant(rig, email, PASSWORD);
    expect_problem(got, PASSWORD_GUESSING);
    assert_string_equal(got_header(got, "Retry-After"), rig_text(rig, "%d", seconds));
}

/* Whoever has one IPv6 address has the 2^64 behind it: they guess as one (row RL3). */
static void wrong_passwords_of_one_network(void **state)
{
    struct rig *rig = *state;
    sign_up(rig, "a@example.com");
    for (int i = 0; i < 10; i++) {
        rig->peer = rig_text(rig, "2001:db8:0:7:%x::%x", i, i + 1);
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    }
    rig->peer = "2001:db8:0:7:ffff::1";
    expect_slowed(rig, "a@example.com", 30);
    rig->peer = "2001:db8:0:8::1";
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
}

static void ten_wrong_passwords(void **state)
{
    struct rig *rig = *state;
    sign_up(rig, "a@example.com");
    static const int waits[] = { 30, 60, 120, 240, 480, 900, 900 };
    for (int i = 0; i < 9; i++) {
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    }
    for (size_t i = 0; i < COUNT(waits); i++) {
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
        expect_slowed(rig, "a@example.com", waits[i]);
        expect_slowed(rig, "A@example.com", waits[i]);
        rig_wait(rig, waits[i] - 0.000001);
        expect_slowed(rig, "a@example.com", 1);
        rig_wait(rig, 0.000001);
    }
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
    expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
}

/* Never a lock that a stranger can hold on an account. */
static void only_the_guessing_address_waits(void **state)
{
    struct rig *rig = *state;
    sign_up(rig, "a@example.com");
    sign_up(rig, "b@example.com");
    for (int i = 0; i < 10; i++) {
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    }
    expect_slowed(rig, "a@example.com", 30);
    expect_status(password_grant(rig, "b@example.com", PASSWORD), 200);
    rig->peer = "192.0.2.99";
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
}

/* An account that does not exist is slowed the same, or its absence would show. */
static void nobody_is_slowed_too(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 10; i++) {
        expect_problem(password_grant(rig, "nobody@example.com", "wrong"), CREDENTIALS_INVALID);
    }
    expect_slowed(rig, "nobody@example.com", 30);
}

static void wrong_passwords_are_forgotten_after_an_hour(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_PASSWORD_GUESSES=2");
    sign_up(rig, "a@example.com");
    for (int i = 0; i < 4; i++) {
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
        rig_wait(rig, 3600.000001);
    }
    rig_restart(rig, "COUNTERSIGN_PASSWORD_GUESSES=0");
    for (int i = 0; i < 12; i++) {
        expect_problem(password_grant(rig, "a@example.com", "wrong"), CREDENTIALS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_confirmed_address_is_taken),
        RIG_TEST(an_unconfirmed_account_gives_no_session),
        RIG_TEST(a_pretended_user_shows_nothing_of_the_real_one),
        RIG_TEST(reserved_keys_of_the_metadata),
        RIG_TEST(the_session_of_a_sign_up),
        RIG_TEST(anonymous_people),
        RIG_TEST(refusals_in_their_order),
        RIG_TEST(signing_in),
        RIG_TEST(ten_wrong_passwords),
        RIG_TEST(wrong_passwords_of_one_network),
        RIG_TEST(only_the_guessing_address_waits),
        RIG_TEST(nobody_is_slowed_too),
        RIG_TEST(wrong_passwords_are_forgotten_after_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_factors.c: enrollment, its limits and its sweep (rows E2 to E13, B6, B10, B14), what a
 * factor does to sessions (V7 to V9, U1 to U4, S1 to S6), and admins on factors (A1 to A3). */
#include "people.h"

static void enrollment_shows_the_secret_once(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    const struct got *got = expect_status(enroll(rig, s.access, "phone"), 200);
    struct totp f = enrolled(got);
    assert_string_equal(got_text(got, "type"), "totp");
    assert_string_equal(got_text(got, "friendly_name"), "phone");
    assert_int_equal(strlen(f.secret), 32);
    assert_string_equal(
        got_text(got, "totp.uri"),
        rig_text(rig,
                 "otpauth://totp/app.example.com:a@example.com?algorithm=SHA1&digits=6&"
                 "issuer=app.example.com&period=30&secret=%s",
                 f.secret));
    assert_non_null(strstr(got_text(got, "totp.qr_code"), "<svg"));
    assert_string_equal(got_header(got, "Cache-Control"), "no-store");
    const char *places[] = { "/user", rig_text(rig, "/admin/users/%s/factors", s.user_id) };
    for (int i = 0; i < 2; i++) {
        got = ask(rig, "GET", places[i], i ? rig->service_key : s.access, NULL);
        assert_non_null(strstr(expect_status(got, 200)->body, f.id));
        assert_null(strstr(got->body, f.secret));
        assert_null(strstr(got->body, "secret"));
    }
}

static void a_user_without_an_address_can_enroll(void **state)
{
    struct rig *rig = *state;
    struct login_session s =
        session_in(ask(rig, "POST", "/signup", NULL,
                       "{\"phone\":\"+15551234567\",\"password\":\"" PASSWORD "\"}"));
    const struct got *got = expect_status(enroll(rig, s.access, "x"), 200);
    assert_non_null(strstr(got_text(got, "totp.uri"), "app.example.com:15551234567?"));
}

static void the_name_is_taken_once(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_up(rig, "b@example.com");
    expect_status(enroll(rig, s.access, "x"), 200);
    const struct got *got = enroll(rig, s.access, "x");
    expect_problem(got, FACTOR_NAME_TAKEN);
    assert_string_equal(got_text(got, "msg"),
                        "A factor with the friendly name \"x\" for this user already exists");
    expect_status(enroll(rig, other.access, "x"), 200);
    expect_status(ask(rig, "POST", "/factors", s.access, "{\"factor_type\":\"totp\"}"), 200);
    expect_problem(
        ask(rig, "POST", "/factors", s.access, "{\"factor_type\":\"totp\",\"friendly_name\":null}"),
        FACTOR_NAME_TAKEN);
}

static void ten_factors_are_the_most(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    for (int i = 0; i < 10; i++) {
        expect_status(enroll(rig, s.access, rig_text(rig, "%d", i)), 200);
        rig_wait(rig, 1);
    }
    expect_problem(enroll(rig, s.access, "0"), FACTOR_NAME_TAKEN); /* order: row E12 */
    expect_status(enroll(rig, s.access, "eleven"), 200);
    rig_wait(rig, 1);
    expect_status(enroll(rig, s.access, "0"), 200); /* which made room: security.md S15 */
    const struct got *got = expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
    assert_string_equal(got_text(got, "factors.9.friendly_name"), "0");
    assert_string_equal(got_text(got, "factors.0.friendly_name"), "2");
}

static void the_most_verified_factors(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_MFA_MAX_VERIFIED_FACTORS=1");
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    expect_problem(enroll(rig, s.access, "y"), FACTORS_TOO_MANY);
}

static void an_aal1_session_enrolls_no_second_factor(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), low;
    add_totp(rig, &s, "x");
    low = sign_in(rig, "a@example.com");
    expect_problem(enroll(rig, low.access, "y"), ENROLL_NEEDS_AAL2);
    expect_status(enroll(rig, s.access, "y"), 200);
}

static bool has_factor(struct rig *rig, const struct login_session *s, const char *id)
{
    return strstr(ask(rig, "GET", "/user", s->access, NULL)->body, id) != NULL;
}

/* Row E11: after 300 s an enrollment that was never challenged is swept at the next one. */
static void expired_enrollments_are_swept(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_up(rig, "b@example.com");
    struct totp old = enrolled(enroll(rig, s.access, "old"));
    struct totp his = enrolled(enroll(rig, other.access, "his"));
    rig_wait(rig, 300);
    enrolled(enroll(rig, s.access, "second"));
    assert_true(has_factor(rig, &s, old.id));
    rig_wait(rig, 0.000001);
    enrolled(enroll(rig, s.access, "third"));
    assert_false(has_factor(rig, &s, old.id));
    assert_true(has_factor(rig, &other, his.id)); /* row B10: only the user's own */
}

/* Row B10: as long as a challenge is open; then it goes too, or ten of them lock the user out. */
static void an_open_challenge_keeps_an_enrollment(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    rig_wait(rig, 250);
    const char *id = challenge(rig, s.access, f.id);
    rig_wait(rig, 200);
    enrolled(enroll(rig, s.access, "y"));
    assert_true(has_factor(rig, &s, f.id));
    expect_problem(verify(rig, s.access, f.id, id, wrong_code(rig, &f)), TOTP_WRONG);
    rig_wait(rig, 100.000001);
    enrolled(enroll(rig, s.access, "z"));
    assert_false(has_factor(rig, &s, f.id));
}

static void verified_factors_are_never_swept(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 1100);
    s = session_in(refresh(rig, s.refresh));
    enrolled(enroll(rig, s.access, "y"));
    assert_true(has_factor(rig, &s, f.id));
}

/* Who finds an open browser must not swap factors: the step must not be older than 20 minutes. */
static void changes_need_a_fresh_step(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 1201);
    s = session_in(refresh(rig, s.refresh));
    expect_problem(enroll(rig, s.access, "y"), MFA_NOT_FRESH);
    const char *path = rig_text(rig, "/factors/%s", f.id);
    expect_problem(ask(rig, "DELETE", path, s.access, NULL), MFA_NOT_FRESH);
    s = session_in(prove(rig, s.access, &f, code_at(rig, &f, 0)));
    enrolled(enroll(rig, s.access, "y"));
    expect_status(ask(rig, "DELETE", path, s.access, NULL), 200);
}

static void ten_challenged_enrollments_lock_nobody_out(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    for (int i = 0; i < 10; i++) {
        struct totp f = enrolled(enroll(rig, s.access, rig_text(rig, "%d", i)));
        challenge(rig, s.access, f.id);
    }
    expect_status(enroll(rig, s.access, "x"), 200); /* the oldest went: security.md S15 */
    expect_problem(enroll(rig, s.access, "x"), FACTOR_NAME_TAKEN);
    rig_wait(rig, 300.000001);
    expect_status(enroll(rig, s.access, "y"), 200);
}

static void verification_raises_and_cleans_up(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_in(rig, "a@example.com"),
                         before = s;
    struct totp left = enrolled(enroll(rig, s.access, "left over"));
    rig_wait(rig, 2);
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const struct got *got = prove(rig, s.access, &f, code_at(rig, &f, 0));
    s = session_in(got);
    assert_string_equal(s.session_id, before.session_id);
    assert_string_equal(aal_in(rig, s.access), "aal2");
    assert_string_equal(amr_in(rig, s.access), "totp,password");
    assert_string_equal(got_text(got, "user.factors.0.status"), "verified");
    assert_string_equal(got_header(got, "Cache-Control"), "no-store");
    assert_false(has_factor(rig, &s, left.id));
    expect_problem(ask(rig, "GET", "/user", other.access, NULL), JWT_SESSION_NOT_FOUND);
    expect_status(ask(rig, "GET", "/user", before.access, NULL), 200);
}

static void levels_survive_refreshes_and_new_logins(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    struct login_session low = sign_in(rig, "a@example.com");
    assert_string_equal(aal_in(rig, low.access), "aal1");
    assert_string_equal(aal_in(rig, session_in(refresh(rig, s.refresh)).access), "aal2");
    rig_wait(rig, 60);
    struct login_session high = session_in(prove(rig, low.access, &f, code_at(rig, &f, 0)));
    assert_string_equal(amr_in(rig, high.access), "totp,password");
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200); /* the other aal2 session */
}

static const struct got *unenroll(struct rig *rig, const char *access, const char *id)
{
    return ask(rig, "DELETE", rig_text(rig, "/factors/%s", id), access, NULL);
}

static void unenrolling_needs_and_lowers_the_level(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), first = s;
    struct totp f = add_totp(rig, &s, "x");
    struct login_session low = sign_in(rig, "a@example.com");
    expect_problem(unenroll(rig, low.access, f.id), UNENROLL_NEEDS_AAL2);
    /* S5, better than row U4: the lower of session and token, which still says aal1 */
    assert_string_equal(aal_in(rig, first.access), "aal1");
    expect_problem(unenroll(rig, first.access, f.id), UNENROLL_NEEDS_AAL2);
    assert_string_equal(got_text(expect_status(unenroll(rig, s.access, f.id), 200), "id"), f.id);
    struct login_session next = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, next.access), "aal1");
    assert_string_equal(amr_in(rig, next.access), "password");
    expect_problem(unenroll(rig, s.access, f.id), FACTOR_NOT_FOUND);
}

static void an_unverified_factor_goes_at_aal1(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), thief = sign_up(rig, "b@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    expect_problem(unenroll(rig, thief.access, f.id), FACTOR_NOT_FOUND);
    expect_problem(unenroll(rig, s.access, "x"), FACTOR_ID_NOT_UUID);
    expect_status(unenroll(rig, s.access, f.id), 200);
}

static void changes_of_a_user_with_a_factor_need_aal2(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    struct login_session low = sign_in(rig, "a@example.com");
    expect_problem(ask(rig, "PUT", "/user", low.access, "{\"password\":\"something else\"}"),
                   UPDATE_NEEDS_AAL2);
    expect_problem(ask(rig, "PUT", "/user", low.access, "{\"phone\":\"+15551234567\"}"),
                   UPDATE_NEEDS_AAL2);
    expect_status(ask(rig, "PUT", "/user", low.access, "{\"data\":{\"a\":1}}"), 200);
    expect_status(ask(rig, "PUT", "/user", s.access, "{\"password\":\"something else\"}"), 200);
}

/* Only a phone takes a number, and none that another factor of the user has (row B17): the database
 * would refuse it. */
static void admins_on_numbers_of_factors(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_MFA_PHONE_ENROLL_ENABLED=true");
    struct login_session s = sign_up(rig, "a@example.com");
    const char *paths[3];
    for (int i = 0; i < 3; i++) {
        const char *body = rig_text(rig,
                                    "{\"factor_type\":\"%s\",\"friendly_name\":\"%d\","
                                    "\"phone\":\"+1555222000%d\"}",
                                    i == 2 ? "totp" : "phone", i, i);
        const struct got *got = expect_status(ask(rig, "POST", "/factors", s.access, body), 200);
        paths[i] = rig_text(rig, "/admin/users/%s/factors/%s", s.user_id, got_text(got, "id"));
    }
    const char *key = rig->service_key, *first = "{\"phone\":\"+1 555 222 0000\"}";
    expect_problem(ask(rig, "PUT", paths[1], key, first), FACTOR_PHONE_TAKEN);
    const struct got *got = expect_status(ask(rig, "PUT", paths[0], key, first), 200);
    assert_string_equal(got_text(got, "phone"), "15552220000");
    got = expect_status(ask(rig, "PUT", paths[1], key, "{\"phone\":\"+15552220007\"}"), 200);
    assert_string_equal(got_text(got, "phone"), "15552220007");
    got = expect_status(ask(rig, "PUT", paths[2], key, first), 200);
    assert_string_equal(got_text(got, "phone"), "");
    expect_problem(ask(rig, "PUT", paths[2], key, "{\"phone\":\"+1\"}"), PHONE_INVALID);
}

static void admins_on_factors(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_up(rig, "b@example.com");
    struct totp f = add_totp(rig, &s, "x");
    const char *list = rig_text(rig, "/admin/users/%s/factors", s.user_id);
    const char *one = rig_text(rig, "%s/%s", list, f.id);
    assert_int_equal(json_kind_of(ask(rig, "GET", list, rig->service_key, NULL)->json), KIND_ARRAY);
    const struct got *got = ask(rig, "PUT", one, rig->service_key, "{\"friendly_name\":\"new\"}");
    assert_string_equal(got_text(expect_status(got, 200), "friendly_name"), "new");
    expect_problem(ask(rig, "DELETE",
                       rig_text(rig, "/admin/users/%s/factors/%s", other.user_id, f.id),
                       rig->service_key, NULL),
                   FACTOR_NOT_FOUND);
    got = ask(rig, "DELETE", one, rig->service_key, NULL);
    assert_string_equal(got_text(expect_status(got, 200), "status"), "verified");
    assert_null(strstr(got->body, f.secret));
    assert_string_equal(aal_in(rig, session_in(refresh(rig, s.refresh)).access), "aal1");
}

static void types_that_are_off(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    expect_problem(ask(rig, "POST", "/factors", s.access, "{\"factor_type\":\"webauthn\"}"),
                   WEBAUTHN_ENROLL_OFF);
    expect_problem(ask(rig, "POST", "/factors", s.access, "{\"factor_type\":\"TOTP\"}"),
                   FACTOR_TYPE_UNKNOWN);
    expect_problem(ask(rig, "POST", "/factors", s.access, "{}"), FACTOR_TYPE_UNKNOWN);
    rig_restart(rig, "GOTRUE_MFA_TOTP_ENROLL_ENABLED=false",
                "GOTRUE_MFA_TOTP_VERIFY_ENABLED=false");
    expect_problem(enroll(rig, s.access, "y"), TOTP_ENROLL_OFF);
    expect_problem(ask(rig, "POST", rig_text(rig, "/factors/%s/challenge", f.id), s.access, NULL),
                   TOTP_VERIFY_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(enrollment_shows_the_secret_once),
        RIG_TEST(a_user_without_an_address_can_enroll),
        RIG_TEST(the_name_is_taken_once),
        RIG_TEST(ten_factors_are_the_most),
        RIG_TEST(the_most_verified_factors),
        RIG_TEST(an_aal1_session_enrolls_no_second_factor),
        RIG_TEST(expired_enrollments_are_swept),
        RIG_TEST(an_open_challenge_keeps_an_enrollment),
        RIG_TEST(verified_factors_are_never_swept),
        RIG_TEST(changes_need_a_fresh_step),
        RIG_TEST(ten_challenged_enrollments_lock_nobody_out),
        RIG_TEST(verification_raises_and_cleans_up),
        RIG_TEST(levels_survive_refreshes_and_new_logins),
        RIG_TEST(unenrolling_needs_and_lowers_the_level),
        RIG_TEST(an_unverified_factor_goes_at_aal1),
        RIG_TEST(changes_of_a_user_with_a_factor_need_aal2),
        RIG_TEST(admins_on_factors),
        RIG_TEST(admins_on_numbers_of_factors),
        RIG_TEST(types_that_are_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

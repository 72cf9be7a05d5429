/* test_totp_devices.c: authenticators of other kinds (RFC 6238 Appendix B), and clocks that are
 * off: what is refused, what is learned, and how far (decision 0010). */
#include "people.h"

#include "crypto/base32.h"
#include "store/totp_devices.h"

struct change {
    struct uuid id;
    struct totp_device device;
    const char *secret; /* NULL: as it is */
};

static enum problem put(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct change *c = arg;
    (void)ctx;
    totp_device_put(tx, &c->id, &c->device);
    struct factor factor;
    if (c->secret && factor_by_id(tx, &c->id, &factor)) {
        factor.secret = c->secret;
        factor_save(tx, &factor);
    }
    return P_OK;
}

static enum problem get(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct change *c = arg;
    (void)ctx;
    c->device = totp_device_of(tx, &c->id);
    return P_OK;
}

static struct change of(const struct totp *f)
{
    struct change c = { .device = { .kind = totp_default } };
    assert_true(uuid_parse(f->id, &c.id));
    return c;
}

static void store(struct rig *rig, struct change *c)
{
    struct ctx ctx = { .arena = rig->arena,
                       .now_us = rig->now_us,
                       .entropy = &rig->services->entropy };
    assert_int_equal(exec_write(rig->services->executor, &ctx, put, c), P_OK);
}

static struct totp_device load(struct rig *rig, const struct totp *f)
{
    struct change c = of(f);
    struct ctx ctx = { .arena = rig->arena, .now_us = rig->now_us };
    assert_int_equal(exec_read(rig->services->executor, &ctx, get, &c), P_OK);
    return c.device;
}

static const struct got *show(struct rig *rig, const struct login_session *s, const struct totp *f)
{
    return ask(rig, "GET", rig_text(rig, "/admin/users/%s/factors/%s", s->user_id, f->id),
               rig->service_key, NULL);
}

static void codes_of_the_standard(void **state)
{
    struct rig *rig = *state;
    static const char digits[] = "1234567890123456789012345678901234567890123456789012345678901234";
    static const struct {
        enum digest digest;
        size_t secret;
        const char *codes[3];
    } cases[] = {
        { DIGEST_SHA1, 20, { "94287082", "07081804", "89005924" } },
        { DIGEST_SHA256, 32, { "46119246", "68084774", "91819424" } },
        { DIGEST_SHA512, 64, { "90693936", "25091201", "93441116" } },
    };
    static const int64_t at[3] = { 59, 1111111109, 1234567890 };
    struct login_session s[COUNT(cases)];
    struct totp f[COUNT(cases)];
    rig_restart(rig, "GOTRUE_JWT_EXP=315360000", "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT=false",
                "GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION=86400");
    for (size_t i = 0; i < COUNT(cases); i++) {
        rig->now_us = 50 * US_PER_S;
        s[i] = sign_up(rig, rig_text(rig, "u%zu@example.com", i));
        f[i] = enrolled(enroll(rig, s[i].access, "x"));
        struct change c = of(&f[i]);
        c.device.kind = (struct totp_kind){ cases[i].digest, 8, 30 };
        c.secret = base32_encode(rig->arena, digits, cases[i].secret);
        store(rig, &c);
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int n = 0; n < 3; n++) {
            rig->now_us = at[n] * US_PER_S;
            struct login_session in = n ? sign_in(rig, rig_text(rig, "u%zu@example.com", i)) : s[i];
            expect_problem(prove(rig, in.access, &f[i], cases[i].codes[n] + 2), TOTP_WRONG);
            expect_status(prove(rig, in.access, &f[i], cases[i].codes[n]), 200);
            expect_problem(prove(rig, in.access, &f[i], cases[i].codes[n]), TOTP_WRONG);
        }
    }
    const struct got *shown = show(rig, &s[2], &f[2]);
    assert_string_equal(got_text(shown, "totp.algorithm"), "SHA512");
    assert_int_equal(got_int(shown, "totp.digits"), 8);
    assert_int_equal(got_int(shown, "totp.period"), 30);
}

static void a_period_of_a_minute(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    struct change c = of(&f);
    c.device.kind.period_s = 60;
    store(rig, &c);
    uint8_t *secret;
    size_t len;
    char code[TOTP_CODE_TEXT];
    assert_true(base32_decode(rig->arena, f.secret, &secret, &len));
    int64_t step = rig->now_us / (60 * US_PER_S);
    expect_problem(prove(rig, s.access, &f, totp_code(&c.device.kind, secret, len, step - 2, code)),
                   TOTP_WRONG);
    expect_status(prove(rig, s.access, &f, totp_code(&c.device.kind, secret, len, step - 1, code)),
                  200);
    expect_status(prove(rig, s.access, &f, totp_code(&c.device.kind, secret, len, step, code)),
                  200);
}

static void a_clock_that_is_off_is_told(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 600);
    expect_problem(prove(rig, s.access, &f, wrong_code(rig, &f)), TOTP_WRONG);
    assert_null(got_value(show(rig, &s, &f), "totp.refused_at"));
    static const int steps[] = { -20, -3, -2, 2, 20 };
    for (size_t i = 0; i < COUNT(steps); i++) {
        rig_wait(rig, 30);
        expect_problem(prove(rig, s.access, &f, code_at(rig, &f, steps[i])), TOTP_WRONG);
        /* the rig's clock is 5 s into a step, and codes are taken for those of the middle of theirs
         */
        const struct got *shown = show(rig, &s, &f);
        assert_int_equal(got_int(shown, "totp.refused_ahead_s"), steps[i] * 30 + 10);
        assert_int_equal(got_int(shown, "totp.clock_ahead_s"), 0);
        assert_int_equal(got_int(shown, "failed_attempts"), i + 2);
    }
    int64_t last = got_int(show(rig, &s, &f), "totp.refused_ahead_s");
    expect_problem(prove(rig, s.access, &f, code_at(rig, &f, 21)), TOTP_WRONG);
    assert_int_equal(got_int(show(rig, &s, &f), "totp.refused_ahead_s"), last);
    expect_status(prove(rig, s.access, &f, code_at(rig, &f, 0)), 200);
    assert_null(got_value(show(rig, &s, &f), "totp.refused_at"));
}

static void a_used_code_is_no_sign_of_a_clock(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *code = code_at(rig, &f, 0);
    s = session_in(prove(rig, s.access, &f, code));
    rig_wait(rig, 120);
    expect_problem(prove(rig, s.access, &f, code), TOTP_WRONG);
    assert_null(got_value(show(rig, &s, &f), "totp.refused_at"));
}

/* Three readings, an hour apart, at one side of the window. */
static void read_thrice(struct rig *rig, const struct totp *f, int steps)
{
    for (int i = 0; i < 3; i++) {
        rig_wait(rig, 3600);
        struct login_session in = sign_in(rig, "a@example.com");
        expect_status(prove(rig, in.access, f, code_at(rig, f, steps)), 200);
    }
}

static void try_at(struct rig *rig, const struct totp *f, int steps, bool right)
{
    struct login_session in = sign_in(rig, "a@example.com");
    const struct got *got = prove(rig, in.access, f, code_at(rig, f, steps));
    if (right) {
        expect_status(got, 200);
    } else {
        expect_problem(got, TOTP_WRONG);
    }
}

static void a_slow_clock_is_followed(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    read_thrice(rig, &f, -1);
    assert_int_equal(load(rig, &f).drift, -1);
    rig_wait(rig, 3600);
    try_at(rig, &f, -3, false); /* three steps and no more: -2, -1, 0 */
    assert_int_equal(load(rig, &f).drift, -1);
    try_at(rig, &f, -2, true);
    try_at(rig, &f, -1, true);
    try_at(rig, &f, 0, true);
    assert_int_equal(load(rig, &f).drift, -1);
    assert_int_equal(got_int(show(rig, &s, &f), "totp.clock_ahead_s"), -30);
    for (int drift = -1; drift > -10; drift--) {
        read_thrice(rig, &f, drift - 1);
    }
    assert_int_equal(load(rig, &f).drift, -10);
    read_thrice(rig, &f, -11); /* five minutes, and no further */
    assert_int_equal(load(rig, &f).drift, -10);
    rig_wait(rig, 3600);
    try_at(rig, &f, -12, false);
}

static void readings_must_agree_and_lie_apart(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 3600);
    for (int i = 0; i < 10; i++) { /* one reading, however often it is taken */
        rig_wait(rig, 60);
        try_at(rig, &f, 1, true);
    }
    assert_int_equal(load(rig, &f).readings, 1);
    rig_wait(rig, 3600);
    try_at(rig, &f, 1, true);
    assert_int_equal(load(rig, &f).readings, 2);
    rig_wait(rig, 3600);
    try_at(rig, &f, 0, true); /* it goes right after all */
    assert_int_equal(load(rig, &f).readings, 0);
    rig_wait(rig, 3600);
    try_at(rig, &f, 1, true);
    rig_wait(rig, 3600);
    try_at(rig, &f, -1, true);
    assert_int_equal(load(rig, &f).readings, -1);
    assert_int_equal(load(rig, &f).drift, 0);
}

static void a_clock_set_right_is_believed(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    for (int drift = 0; drift > -4; drift--) {
        read_thrice(rig, &f, drift - 1);
    }
    assert_int_equal(load(rig, &f).drift, -4);
    rig_wait(rig, 3600);
    const char *code = code_at(rig, &f, 0);
    struct login_session in = sign_in(rig, "a@example.com");
    expect_problem(prove(rig, in.access, &f, code), TOTP_WRONG); /* outside of the window */
    assert_int_equal(load(rig, &f).drift, 0);
    expect_status(prove(rig, in.access, &f, code), 200);
    expect_problem(prove(rig, in.access, &f, code), TOTP_WRONG); /* and counts once */
}

static void drift_can_be_switched_off(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    read_thrice(rig, &f, -1);
    rig_restart(rig, "COUNTERSIGN_MFA_TOTP_DRIFT=false");
    rig_wait(rig, 3600);
    try_at(rig, &f, -2, false);
    read_thrice(rig, &f, -1);
    read_thrice(rig, &f, 1);
    assert_int_equal(load(rig, &f).drift, -1); /* nothing is learned meanwhile */
    assert_int_equal(got_int(show(rig, &s, &f), "totp.clock_ahead_s"), 0);
}

static void a_factor_takes_its_device_along(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    struct change c = of(&f);
    c.device.kind.digits = 8;
    store(rig, &c);
    assert_int_equal(load(rig, &f).kind.digits, 8);
    expect_status(ask(rig, "DELETE", rig_text(rig, "/factors/%s", f.id), s.access, NULL), 200);
    assert_int_equal(load(rig, &f).kind.digits, 6);
}

static void only_an_admin_sees_it(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), t = sign_up(rig, "b@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *path = rig_text(rig, "/admin/users/%s/factors/%s", s.user_id, f.id);
    expect_status(ask(rig, "GET", path, s.access, NULL), 403);
    expect_status(ask(rig, "GET", path, NULL, NULL), 401);
    const char *foreign = rig_text(rig, "/admin/users/%s/factors/%s", t.user_id, f.id);
    expect_problem(ask(rig, "GET", foreign, rig->service_key, NULL), FACTOR_NOT_FOUND);
    const struct got *shown = show(rig, &s, &f);
    expect_status(shown, 200);
    assert_null(strstr(shown->body, f.secret));
    assert_string_equal(got_text(shown, "id"), f.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(codes_of_the_standard),           RIG_TEST(a_period_of_a_minute),
        RIG_TEST(a_clock_that_is_off_is_told),     RIG_TEST(a_used_code_is_no_sign_of_a_clock),
        RIG_TEST(a_slow_clock_is_followed),        RIG_TEST(readings_must_agree_and_lie_apart),
        RIG_TEST(a_clock_set_right_is_believed),   RIG_TEST(drift_can_be_switched_off),
        RIG_TEST(a_factor_takes_its_device_along), RIG_TEST(only_an_admin_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

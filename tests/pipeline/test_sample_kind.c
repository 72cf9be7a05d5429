/* test_sample_kind.c: a kind of factor that no code of the server knows goes through the whole life
 * of a factor: so all that differs between kinds is in struct factor_kind. It asks for a word to be
 * said backwards. */
#include "people.h"

#include "factor/methods.h"
#include "factor/registry.h"
#include "work/executor.h"

#define WORD "stressed"
#define BACKWARDS "desserts"

static bool is_on = true;

static bool enroll_on(const struct config *config)
{
    (void)config;
    return is_on;
}

static bool verify_on(const struct config *config)
{
    (void)config;
    return is_on;
}

static enum problem begin(const struct realm *realm, struct tx *tx, const struct user *user,
                          const struct enroll_request *in, struct enrollment *out)
{
    (void)realm;
    (void)tx;
    (void)user;
    (void)in;
    out->secret = WORD;
    return P_OK;
}

static enum problem ask_for_it(const struct realm *realm, struct tx *tx, const struct user *user,
                               struct factor *factor, const struct challenge_request *in,
                               struct challenge *out, const char **shown)
{
    (void)realm;
    (void)tx;
    (void)user;
    (void)factor;
    (void)in;
    out->otp = BACKWARDS;
    *shown = "{\"word\":\"" WORD "\"}";
    return P_OK;
}

static enum problem check(struct factor_check *c)
{
    return strcmp(c->proof->code, c->challenge->otp) == 0 ? P_OK : P_TOTP_WRONG;
}

static void show_enrollment(const struct enrollment *enrollment, struct strbuf *out)
{
    strbuf_printf(out, ",\"sample\":{\"hint\":\"%s\"}", enrollment->secret);
}

static const struct factor_kind sample_factor = {
    .type = "sample",
    .method = METHOD_PREFIX "sample",
    .enroll_off = P_TOTP_ENROLL_OFF,
    .verify_off = P_TOTP_VERIFY_OFF,
    .wrong = P_TOTP_WRONG,
    .has_code = true,
    .enroll = begin,
    .enroll_on = enroll_on,
    .verify_on = verify_on,
    .challenge = ask_for_it,
    .check = check,
    .show_enrollment = show_enrollment,
};

static const struct factor_kind *kinds[8];

/* The tables know the official server's kinds alone, as its enumeration on PostgreSQL does. */
static enum problem let_in(struct ctx *ctx, struct tx *tx, void *arg)
{
    DB_SQL(sql, "pragma ignore_check_constraints = on");
    (void)ctx;
    (void)arg;
    db_run(tx, &sql);
    return P_OK;
}

/* The server with one more kind. */
static struct rig *with_sample(void **state)
{
    struct rig *rig = *state;
    int n = 0;
    while (factor_kinds[n]) {
        kinds[n] = factor_kinds[n];
        n++;
    }
    assert_true((size_t)n + 1 < COUNT(kinds));
    kinds[n] = &sample_factor;
    rig->services->realm.kinds = kinds;
    struct ctx ctx = { .arena = rig->arena };
    assert_int_equal(exec_write(rig->services->executor, &ctx, let_in, NULL), P_OK);
    is_on = true;
    return rig;
}

static const struct got *enroll_sample(struct rig *rig, const char *access)
{
    return ask(rig, "POST", "/factors", access,
               "{\"factor_type\":\"sample\",\"friendly_name\":\"word\"}");
}

static const char *challenge_sample(struct rig *rig, const char *access, const char *id)
{
    const struct got *got = expect_status(
        ask(rig, "POST", rig_text(rig, "/factors/%s/challenge", id), access, "{}"), 200);
    assert_string_equal(got_text(got, "type"), "sample");
    assert_string_equal(got_text(got, "sample.word"), WORD);
    return got_text(got, "id");
}

static void a_whole_life(void **state)
{
    struct rig *rig = with_sample(state);
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_in(rig, "a@example.com");
    const struct got *got = expect_status(enroll_sample(rig, s.access), 200);
    assert_string_equal(got_text(got, "type"), "sample");
    assert_string_equal(got_text(got, "sample.hint"), WORD);
    const char *id = got_text(got, "id");
    const char *opened = challenge_sample(rig, s.access, id);
    expect_problem(verify(rig, s.access, id, opened, WORD), TOTP_WRONG);
    got = expect_status(verify(rig, s.access, id, opened, BACKWARDS), 200);
    s = session_in(got);
    assert_string_equal(aal_in(rig, s.access), "aal2");
    assert_string_equal(amr_in(rig, s.access), "password,mfa/sample"); /* of one second: by name */

    const char *listed = rig_text(rig, "/admin/users/%s/factors", s.user_id);
    got = expect_status(ask(rig, "GET", listed, rig->service_key, NULL), 200);
    assert_non_null(strstr(got->body, "\"factor_type\":\"sample\""));
    assert_non_null(strstr(got->body, "\"status\":\"verified\""));

    rig_wait(rig, 60);
    got = expect_status(refresh(rig, s.refresh), 200);
    s = session_in(got);
    assert_string_equal(aal_in(rig, s.access), "aal2"); /* a living factor stands behind it */
    expect_status(refresh(rig, other.refresh), 400);    /* sessions below ended: row V8 */

    opened = challenge_sample(rig, s.access, id);
    s = session_in(expect_status(verify(rig, s.access, id, opened, BACKWARDS), 200));
    expect_status(ask(rig, "DELETE", rig_text(rig, "/factors/%s", id), s.access, NULL), 200);
    s = session_in(expect_status(refresh(rig, s.refresh), 200));
    assert_string_equal(aal_in(rig, s.access), "aal1");
    assert_string_equal(amr_in(rig, s.access), "password");
}

static void switched_off_and_not_there(void **state)
{
    struct rig *rig = with_sample(state);
    struct login_session s = sign_up(rig, "a@example.com");
    const char *id = got_text(expect_status(enroll_sample(rig, s.access), 200), "id");
    const char *target = rig_text(rig, "/factors/%s/challenge", id);
    is_on = false;
    expect_problem(enroll_sample(rig, s.access), TOTP_ENROLL_OFF);
    expect_problem(ask(rig, "POST", target, s.access, "{}"), TOTP_VERIFY_OFF);
    rig->services->realm.kinds = factor_kinds; /* a server of another version */
    expect_problem(enroll_sample(rig, s.access), FACTOR_TYPE_UNKNOWN);
    assert_int_equal(ask(rig, "POST", target, s.access, "{}")->status, 422);
    expect_status(ask(rig, "DELETE", rig_text(rig, "/factors/%s", id), s.access, NULL), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_whole_life),
        RIG_TEST(switched_off_and_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

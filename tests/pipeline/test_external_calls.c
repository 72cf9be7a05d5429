/* test_external_calls.c: a request that may have to ask the outside world runs a second time only
 * if there is something to ask (api/external_calls.h). */
#include "people.h"

#include "api/external_calls.h"
#include "domain/outgoing.h"
#include "http/pipeline.h"

struct counted {
    struct call *call;
    int runs;
    bool mail;
};

static enum problem count_runs(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct counted *counted = arg;
    (void)ctx;
    counted->runs++;
    if (counted->mail) {
        struct mail mail = { .kind = MAIL_RECOVERY, .to = "a@example.com" };
        outgoing_mail(&counted->call->services->realm, tx, &mail);
    }
    return P_OK;
}

static int runs_of(struct rig *rig, bool mail)
{
    struct call *call = ARENA_NEW(rig->arena, struct call);
    *call = (struct call){
        .ctx = { .arena = rig->arena, .entropy = &rig->services->entropy, .now_us = rig->now_us },
        .services = rig->services,
    };
    struct counted counted = { .call = call, .mail = mail };
    assert_int_equal(external_write(call, count_runs, &counted), P_OK);
    assert_int_equal(call->lane,
                     LANE_WRITE); /* like every other write, until somebody must be asked */
    enum problem problem = exec_write(rig->services->executor, &call->ctx, pipeline_in_tx, call);
    assert_int_equal(pipeline_next(call, problem), LANE_NONE);
    assert_int_equal(call->problem, P_OK);
    return counted.runs;
}

static void start_with_provider(struct rig *rig)
{
    rig_restart(rig, "GOTRUE_SMS_PROVIDER=twilio", "GOTRUE_SMS_TWILIO_ACCOUNT_SID=AC1",
                "GOTRUE_SMS_TWILIO_AUTH_TOKEN=t", "GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID=MG1");
    assert_int_equal(rig->services->asks, 1U << TO_SMS);
}

static void nothing_to_ask_runs_once(void **state)
{
    struct rig *rig = *state;
    start_with_provider(rig);
    assert_int_equal(runs_of(rig, false), 1);
    assert_int_equal(runs_of(rig, true), 1); /* a mail waits in the outbox, without a hook */
}

/* What ran once has counted: factors, sessions and used codes as ever. */
static void a_factor_works_beside_an_sms_provider(void **state)
{
    struct rig *rig = *state;
    start_with_provider(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *code = code_at(rig, &f, 0);
    s = session_in(prove(rig, s.access, &f, code));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    expect_problem(prove(rig, s.access, &f, code), TOTP_WRONG);
    expect_status(refresh(rig, s.refresh), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(nothing_to_ask_runs_once),
        RIG_TEST(a_factor_works_beside_an_sms_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

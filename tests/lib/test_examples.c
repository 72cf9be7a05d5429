/* Runs each short example of the manual pages against the stub. */
#include "stub.h"

#include "../../examples/examples.h"

static struct stub stub;
static cs_client *client;

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    client = stub_client(&stub, NULL);
    if (client != NULL) {
        stub_sign_in(&stub, client);
        stub_session(&stub, 1, "aal2", 3600, "r2");
    }
    return client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    return 0;
}

static void join_nothing(void)
{
}

static void test_client_and_errors(void **state)
{
    (void)state;
    cs_client *made = example_client("http://localhost:9", "key");
    assert_non_null(made);
    example_stop(&made, join_nothing);
    assert_null(made);
    assert_null(example_client("localhost", "key"));
    assert_true(example_last_error(client, CS_ERR_CONNECT));
    assert_false(example_last_error(client, CS_OK));
    const cs_transport transport = { .send = example_transport };
    const cs_client_options options = { .transport = &transport };
    assert_int_equal(cs_client_new("http://x", "key", &options, &made), CS_OK);
    assert_int_equal(example_totp("no secret!"), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(example_totp("GEZDGNBVGY3TQOJQ"), CS_OK);
    assert_int_equal(example_admin(made, USER_ID), CS_ERR_API);
    assert_string_equal(cs_client_last_error(made)->message, "nothing is here");
    cs_client_free(&made);
}

static void test_signing_in(void **state)
{
    (void)state;
    stub_only(&stub, 422, "{\"code\":\"user_already_exists\",\"message\":\"m\"}");
    stub_answer(&stub, 200, stub.session[1]);
    assert_int_equal(example_sign_up(client, "a@example.com", "pw"), CS_OK);
    assert_int_equal(stub.asked, 2);
    stub_only(&stub, 200, "{}");
    stub_answer(&stub, 200, stub.session[1]);
    assert_int_equal(example_sign_in_with_otp(client, "+1555", "123456"), CS_OK);
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(example_user(client), CS_OK);
    assert_string_equal(stub.body, "{\"data\":{\"theme\":\"dark\"}}");
    assert_int_equal(example_claims(client, NULL), CS_OK);
    assert_int_equal(example_auto_refresh(client), CS_OK);
}

static void test_session_and_events(void **state)
{
    (void)state;
    cs_subscription subscription = 0;
    assert_int_equal(example_events(client, &subscription), CS_OK);
    stub_only(&stub, 200, USER_JSON);
    stub_answer(&stub, 200, stub.session[1]);
    stub_answer(&stub, 204, "");
    assert_int_equal(example_session(client), CS_OK);
    assert_int_equal(stub.asked, 3);
    cs_auth_unsubscribe(client, subscription);
}

static void test_mfa(void **state)
{
    (void)state;
    bool needs_mfa = false;
    assert_int_equal(example_assurance_level(client, &needs_mfa), CS_OK);
    assert_true(needs_mfa);
    stub_only(&stub, 200, "{\"id\":\"f\",\"type\":\"totp\",\"totp\":{\"secret\":\"S\"}}");
    assert_int_equal(example_enroll(client), CS_OK);
    stub_only(&stub, 200, "{\"id\":\"c\",\"type\":\"phone\",\"expires_at\":1}");
    assert_int_equal(example_challenge(client, FACTOR_ID), CS_OK);
    stub_answer(&stub, 200, stub.session[1]);
    stub.asked = 0;
    assert_int_equal(example_verify(client, FACTOR_ID, "123456"), CS_OK);
    assert_int_equal(example_assurance_level(client, &needs_mfa), CS_OK);
    assert_false(needs_mfa);
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(example_list_factors(client), CS_OK);
    assert_int_equal(example_assurance_level_of(client, NULL, &needs_mfa), CS_OK);
    assert_true(needs_mfa);
    stub_only(&stub, 200, "{\"id\":\"x\",\"codes\":[\"a\"]}");
    assert_int_equal(example_recovery_codes(client), CS_OK);
    stub_only(&stub, 200, stub.session[1]);
    stub_answer(&stub, 200, "{\"total\":10,\"remaining\":0}");
    stub_answer(&stub, 200, "{\"id\":\"x\",\"codes\":[\"a\"]}");
    assert_int_equal(example_use_recovery_code(client, "aa"), CS_OK);
    assert_int_equal(stub.asked, 3);
    stub_only(&stub, 200, "{\"id\":\"x\"}");
    stub_answer(&stub, 200, stub.session[1]);
    assert_int_equal(example_drop_recovery_codes(client), CS_OK);
    assert_int_equal(example_local_claims(client), CS_OK);
    stub_only(&stub, 200, "{\"id\":\"f\"}");
    stub_answer(&stub, 429, "{}");
    assert_int_equal(example_unenroll(client, FACTOR_ID), CS_OK);
    stub_only(&stub, 200, "[" FACTOR_JSON "]");
    stub_answer(&stub, 200, FACTOR_JSON);
    assert_int_equal(example_admin(client, USER_ID), CS_OK);
    assert_int_equal(stub.asked, 2);
}

#define EXAMPLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXAMPLE_TEST(test_client_and_errors),
        EXAMPLE_TEST(test_signing_in),
        EXAMPLE_TEST(test_session_and_events),
        EXAMPLE_TEST(test_mfa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

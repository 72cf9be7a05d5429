/* Every allocation fails in turn: the library's own (calloc, by the linker's --wrap) and jansson's
 * (by its allocation functions). Each call must say CS_ERR_NO_MEMORY, or succeed where the failure
 * does not matter, and leak nothing (run under ASan or valgrind). */
#include "stub.h"

#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long countdown = -1; /* fails when it reaches 0; -1: never */
static bool failed;

static bool fails_now(void)
{
    if (countdown > 0 && --countdown == 0) {
        failed = true;
        return true;
    }
    return false;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

/* What is freed while it still holds this text. */
static const char *secret;
static int left_behind;

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    const char *at = memory;
    size_t length = secret == NULL ? 0 : strlen(secret);
    size_t size = length == 0 || memory == NULL ? 0 : malloc_usable_size(memory);
    for (size_t i = 0; length > 0 && i + length <= size; i++) {
        if (memcmp(at + i, secret, length) == 0) {
            left_behind++;
            break;
        }
    }
    __real_free(memory);
}

static void *jansson_malloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

static struct stub stub;
static cs_client *client;
static char path[64];

static cs_status make_client(void)
{
    cs_client_options options = { .session_file = path, .client_info = "torture/1", .proxy = "" };
    cs_client *made = NULL;
    cs_status status = cs_client_new("http://x", "key", &options, &made);
    assert_int_equal(made != NULL, status == CS_OK);
    cs_client_free(&made);
    return status;
}

static cs_status sign_in(void)
{
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_sign_in_with_password(
        client, &(cs_sign_in_with_password_params){ .email = "a", .password = "b" }, &out);
    assert_int_equal(out != NULL, status == CS_OK);
    cs_auth_response_free(&out);
    return status;
}

static cs_status sign_up(void)
{
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    const cs_sign_up_params params = {
        .email = "a", .password = "b", .data = "{\"a\":[1]}", .captcha_token = "c"
    };
    cs_status status = cs_auth_sign_up(client, &params, &out);
    cs_auth_response_free(&out);
    return status;
}

static cs_status enroll(void)
{
    cs_mfa_enroll_response *out = NULL;
    stub_only(&stub, 200,
              "{\"id\":\"x\",\"type\":\"totp\",\"totp\":{\"qr_code\":\"<svg>\",\"secret\":\"S\"}}");
    cs_status status =
        cs_auth_mfa_enroll(client, &(cs_mfa_enroll_params){ .factor_type = "totp" }, &out);
    cs_mfa_enroll_response_free(&out);
    return status;
}

static cs_status challenge_and_verify(void)
{
    cs_mfa_verify_response *out = NULL;
    stub_only(&stub, 200, "{\"id\":\"c\",\"type\":\"totp\",\"expires_at\":1}");
    stub_answer(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_mfa_challenge_and_verify(
        client, &(cs_mfa_challenge_and_verify_params){ .factor_id = "f", .code = "1" }, &out);
    cs_mfa_verify_response_free(&out);
    return status;
}

static cs_status unenroll(void)
{
    cs_mfa_unenroll_response *out = NULL;
    stub_only(&stub, 200, "{\"id\":\"f\"}");
    stub_answer(&stub, 200, stub.session[1]);
    cs_status status =
        cs_auth_mfa_unenroll(client, &(cs_mfa_unenroll_params){ .factor_id = "f" }, &out);
    if (out != NULL && out->refresh_status != CS_OK) {
        assert_int_equal(out->refresh_status, CS_ERR_NO_MEMORY);
    }
    cs_mfa_unenroll_response_free(&out);
    return status;
}

static cs_status list_factors(void)
{
    cs_mfa_list_factors_response *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    cs_status status = cs_auth_mfa_list_factors(client, &out);
    cs_mfa_list_factors_response_free(&out);
    return status;
}

static cs_status assurance_level(void)
{
    cs_mfa_assurance_level *out = NULL;
    cs_status status = cs_auth_mfa_get_authenticator_assurance_level(client, &out);
    cs_mfa_assurance_level_free(&out);
    return status;
}

static cs_status recovery_codes(void)
{
    cs_mfa_recovery_codes *out = NULL;
    stub_only(&stub, 200, "{\"id\":\"x\",\"codes\":[\"a\",\"b\"]}");
    cs_status status = cs_auth_mfa_recovery_codes_generate(client, NULL, &out);
    cs_mfa_recovery_codes_free(&out);
    return status;
}

static cs_status update_user(void)
{
    cs_user_response *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    cs_status status =
        cs_auth_update_user(client, &(cs_update_user_params){ .data = "{\"k\":\"v\"}" }, &out);
    cs_user_response_free(&out);
    return status;
}

static cs_status set_session(void)
{
    cs_auth_response *out = NULL;
    char jwt[512];
    stub_jwt(jwt, sizeof jwt, "{\"alg\":\"HS256\"}", "{\"exp\":9999999999}");
    stub_only(&stub, 200, USER_JSON);
    cs_status status = cs_auth_set_session(
        client, &(cs_set_session_params){ .access_token = jwt, .refresh_token = "r" }, &out);
    cs_auth_response_free(&out);
    return status;
}

static cs_status refresh(void)
{
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_refresh_session(client, NULL, &out);
    cs_auth_response_free(&out);
    return status;
}

static cs_status refresh_with_a_token(void)
{
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_refresh_session(client, "r1", &out);
    cs_auth_response_free(&out);
    return status;
}

static cs_status get_session(void)
{
    cs_session *out = NULL;
    cs_status status = cs_auth_get_session(client, &out);
    cs_session_free(&out);
    return status;
}

static cs_status sign_out_and_in(void)
{
    stub_only(&stub, 204, "");
    cs_status status = cs_auth_sign_out(client, &(cs_sign_out_params){ .scope = "local" });
    long left = countdown;
    countdown = -1;
    cs_status back = sign_in();
    countdown = left;
    assert_int_equal(back, CS_OK);
    return status;
}

static cs_status otp(void)
{
    cs_otp_response *sent = NULL;
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, "{\"message_id\":\"m\"}");
    stub_answer(&stub, 200, stub.session[1]);
    const cs_sign_in_with_otp_params params = {
        .phone = "1", .data = "{}", .email_redirect_to = "http://x/?a=b c", .channel = "sms"
    };
    cs_status status = cs_auth_sign_in_with_otp(client, &params, &sent);
    cs_otp_response_free(&sent);
    if (status == CS_OK) {
        const cs_verify_otp_params verify = { .type = "sms", .phone = "1", .token = "2" };
        status = cs_auth_verify_otp(client, &verify, &out);
        cs_auth_response_free(&out);
    }
    return status;
}

static cs_status get_user(void)
{
    cs_user_response *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    cs_status status = cs_auth_get_user(client, NULL, &out);
    cs_user_response_free(&out);
    return status;
}

static cs_status challenge_then_verify(void)
{
    cs_mfa_challenge_response *opened = NULL;
    cs_mfa_verify_response *out = NULL;
    stub_only(&stub, 200,
              "{\"id\":\"c\",\"type\":\"webauthn\",\"expires_at\":1,"
              "\"webauthn\":{\"a\":[0.5]}}");
    stub_answer(&stub, 200, stub.session[1]);
    cs_status status =
        cs_auth_mfa_challenge(client, &(cs_mfa_challenge_params){ .factor_id = "f" }, &opened);
    if (status == CS_OK) {
        const cs_mfa_verify_params verify = { .factor_id = "f",
                                              .challenge_id = opened->id,
                                              .webauthn = "{\"a\":1}" };
        status = cs_auth_mfa_verify(client, &verify, &out);
        cs_mfa_verify_response_free(&out);
    }
    cs_mfa_challenge_response_free(&opened);
    return status;
}

static cs_status assurance_level_from_server(void)
{
    cs_mfa_assurance_level *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    cs_status status =
        cs_auth_mfa_get_authenticator_assurance_level_from_server(client, NULL, &out);
    cs_mfa_assurance_level_free(&out);
    return status;
}

static cs_status other_recovery_codes(void)
{
    cs_mfa_recovery_codes_status *left = NULL;
    cs_mfa_recovery_codes *codes = NULL;
    cs_mfa_verify_response *verified = NULL;
    cs_mfa_unenroll_response *gone = NULL;
    stub_only(&stub, 200, "{\"total\":10,\"remaining\":7}");
    stub_answer(&stub, 200, "{\"id\":\"x\",\"codes\":[\"a\",\"b\"]}");
    stub_answer(&stub, 200, stub.session[1]);
    stub_answer(&stub, 200, "{\"id\":\"x\"}");
    stub_answer(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_mfa_recovery_codes_get(client, &left);
    status = status ? status : cs_auth_mfa_recovery_codes_regenerate(client, &codes);
    const cs_mfa_recovery_codes_verify_params params = { .code = "a" };
    status = status ? status : cs_auth_mfa_recovery_codes_verify(client, &params, &verified);
    status = status ? status : cs_auth_mfa_recovery_codes_unenroll(client, &gone);
    cs_mfa_recovery_codes_status_free(&left);
    cs_mfa_recovery_codes_free(&codes);
    cs_mfa_verify_response_free(&verified);
    cs_mfa_unenroll_response_free(&gone);
    return status;
}

static cs_status local_claims(void)
{
    cs_claims *out = NULL;
    cs_status status = cs_auth_get_local_claims(client, &out);
    cs_claims_free(&out);
    return status;
}

static cs_status delete_factor(void)
{
    cs_admin_mfa_delete_factor_response *out = NULL;
    stub_only(&stub, 200, "{\"id\":\"x\"}");
    const cs_admin_mfa_delete_factor_params params = { .id = FACTOR_ID, .user_id = USER_ID };
    cs_status status = cs_auth_admin_mfa_delete_factor(client, &params, &out);
    cs_admin_mfa_delete_factor_response_free(&out);
    return status;
}

static cs_status claims(void)
{
    cs_claims *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    cs_status status = cs_auth_get_claims(client, NULL, &out);
    cs_claims_free(&out);
    return status;
}

static cs_status refused(void)
{
    cs_user_response *out = NULL;
    stub_only(&stub, 422,
              "{\"code\":\"weak_password\",\"weak_password\":{\"reasons\":[\"length\"]}}");
    cs_status status =
        cs_auth_update_user(client, &(cs_update_user_params){ .password = "1" }, &out);
    assert_null(out);
    return status == CS_ERR_WEAK_PASSWORD ? CS_OK : status;
}

static cs_status admin(void)
{
    cs_admin_mfa_list_factors_response *out = NULL;
    stub_only(&stub, 200, "[" FACTOR_JSON "]");
    cs_status status = cs_auth_admin_mfa_list_factors(
        client, &(cs_admin_mfa_list_factors_params){ .user_id = USER_ID }, &out);
    cs_admin_mfa_list_factors_response_free(&out);
    return status;
}

static void on_event(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)event;
    (void)session;
    (void)userdata;
}

static cs_status subscribe(void)
{
    cs_subscription subscription = 0;
    cs_status status = cs_auth_on_auth_state_change(client, on_event, NULL, &subscription);
    cs_auth_unsubscribe(client, subscription);
    return status;
}

static cs_status load_from_file(void)
{
    cs_client_options options = { .session_file = path };
    cs_session *session = NULL;
    long left = countdown;
    countdown = -1;
    cs_client *other = stub_client(&stub, &options);
    countdown = left;
    cs_status status = cs_auth_get_session(other, &session);
    cs_session_free(&session);
    cs_client_free(&other);
    /* A file that cannot be read for want of memory is a storage that failed. */
    return status == CS_ERR_STORAGE && failed ? CS_ERR_NO_MEMORY : status;
}

static cs_status store_to_file(void)
{
    cs_client_options options = { .session_file = path };
    cs_auth_response *out = NULL;
    long left = countdown;
    countdown = -1;
    cs_client *other = stub_client(&stub, &options);
    countdown = left;
    stub_only(&stub, 200, stub.session[1]);
    cs_status status = cs_auth_sign_in_with_password(
        other, &(cs_sign_in_with_password_params){ .email = "a", .password = "b" }, &out);
    cs_auth_response_free(&out);
    cs_client_free(&other);
    return status == CS_ERR_STORAGE && failed ? CS_ERR_NO_MEMORY : status;
}

static int set_up(void **state)
{
    (void)state;
    cs_subscription subscription;
    stub_init(&stub);
    snprintf(path, sizeof path, "/tmp/cs-torture-%ld", (long)getpid());
    client = stub_client(&stub, NULL);
    if (client == NULL ||
        cs_auth_on_auth_state_change(client, on_event, NULL, &subscription) != CS_OK) {
        return -1;
    }
    stub_sign_in(&stub, client);
    stub_session(&stub, 1, "aal2", 3600, "r2");
    return store_to_file() != CS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    return unlink(path);
}

static void torture(const char *name, cs_status (*scenario)(void))
{
    long n = 0, refusals = 0;
    do {
        n++;
        failed = false;
        countdown = n;
        cs_status status = scenario();
        countdown = -1;
        if (status != CS_OK && status != CS_ERR_NO_MEMORY) {
            print_error("%s, allocation %ld: %s: %s\n", name, n, cs_status_name(status),
                        cs_client_last_error(client)->message);
        }
        assert_true(status == CS_OK || (status == CS_ERR_NO_MEMORY && failed));
        refusals += status == CS_ERR_NO_MEMORY;
        assert_true(n < 10000);
    } while (failed);
    print_message("%s: %ld allocations failed in turn, %ld refusals\n", name, n - 1, refusals);
    assert_true(refusals > 0);
}

static void test_torture(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        cs_status (*scenario)(void);
    } rows[] = {
        { "make_client", make_client },
        { "sign_in", sign_in },
        { "sign_up", sign_up },
        { "enroll", enroll },
        { "challenge_and_verify", challenge_and_verify },
        { "unenroll", unenroll },
        { "list_factors", list_factors },
        { "assurance_level", assurance_level },
        { "recovery_codes", recovery_codes },
        { "update_user", update_user },
        { "set_session", set_session },
        { "refresh", refresh },
        { "refresh_with_a_token", refresh_with_a_token },
        { "get_session", get_session },
        { "sign_out_and_in", sign_out_and_in },
        { "otp", otp },
        { "get_user", get_user },
        { "challenge_then_verify", challenge_then_verify },
        { "assurance_level_from_server", assurance_level_from_server },
        { "other_recovery_codes", other_recovery_codes },
        { "local_claims", local_claims },
        { "delete_factor", delete_factor },
        { "claims", claims },
        { "refused", refused },
        { "admin", admin },
        { "subscribe", subscribe },
        { "load_from_file", load_from_file },
        { "store_to_file", store_to_file },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        torture(rows[i].name, rows[i].scenario);
    }
}

/* Memory that is given back holds no tokens, codes or passwords any more, jansson's included. */
static void test_secrets_are_wiped(void **state)
{
    (void)state;
    static const char *const secrets[] = { "the-refresh-token", "the-totp-secret",
                                           "the-recovery-code", "the-password",
                                           "the-typed-code",    "c2lnbmF0dXJl" };
    stub_session(&stub, 1, "aal2", 3600, "the-refresh-token");
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        cs_mfa_enroll_response *enrolled = NULL;
        cs_mfa_recovery_codes *codes = NULL;
        cs_mfa_verify_response *verified = NULL;
        cs_auth_response *in = NULL;
        cs_client_options options = { .session_file = path };
        cs_client *own = stub_client(&stub, &options);
        secret = secrets[i];
        left_behind = 0;
        stub_only(&stub, 200, stub.session[1]);
        const cs_sign_in_with_password_params sign = { .email = "a", .password = "the-password" };
        assert_int_equal(cs_auth_sign_in_with_password(own, &sign, &in), CS_OK);
        cs_auth_response_free(&in);
        assert_int_equal(cs_auth_refresh_session(own, NULL, &in), CS_OK);
        cs_auth_response_free(&in);
        const cs_mfa_verify_params verify = { .factor_id = "f",
                                              .challenge_id = "c",
                                              .code = "the-typed-code" };
        assert_int_equal(cs_auth_mfa_verify(own, &verify, &verified), CS_OK);
        cs_mfa_verify_response_free(&verified);
        stub_only(
            &stub, 200,
            "{\"id\":\"x\",\"type\":\"totp\",\"totp\":{\"secret\":\"the-totp-secret\","
            "\"uri\":\"otpauth://totp/a?secret=the-totp-secret\",\"qr_code\":\"the-totp-secret\"},"
            "\"codes\":[\"the-recovery-code\",\"the-recovery-code\"],"
            "\"codes\":[\"the-recovery-code\"]}");
        assert_int_equal(
            cs_auth_mfa_enroll(own, &(cs_mfa_enroll_params){ .factor_type = "totp" }, &enrolled),
            CS_OK);
        cs_mfa_enroll_response_free(&enrolled);
        assert_int_equal(cs_auth_mfa_recovery_codes_regenerate(own, &codes), CS_OK);
        cs_mfa_recovery_codes_free(&codes);
        cs_client_free(&own);
        secret = NULL;
        if (left_behind > 0) {
            print_error("%s: in %d pieces of freed memory\n", secrets[i], left_behind);
        }
        assert_int_equal(left_behind, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_secrets_are_wiped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_torture, set_up, tear_down),
    };
    json_set_alloc_funcs(jansson_malloc, __wrap_free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every call against the stub: what goes over the wire, and what comes back. */
#include "stub.h"

#include <string.h>

struct fixture {
    struct stub stub;
    cs_client *client;
};

static struct fixture fixture;

static int set_up(void **state)
{
    stub_init(&fixture.stub);
    fixture.client = stub_client(&fixture.stub, NULL);
    *state = &fixture;
    return fixture.client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&fixture.client);
    stub_free(&fixture.stub);
    return 0;
}

/* The last request: its method, path below /auth/v1, body; and whether it had the user's token. */
static void assert_request(const char *method, const char *path, const char *body, bool as_user)
{
    struct stub *stub = &fixture.stub;
    const char *base = "http://auth.test:1234/auth/v1";
    assert_string_equal(stub->method, method);
    assert_memory_equal(stub->url, base, strlen(base));
    assert_string_equal(stub->url + strlen(base), path);
    assert_string_equal(stub->body, body);
    assert_non_null(strstr(stub->headers, "apikey: anon-key\n"));
    assert_non_null(strstr(stub->headers, "X-Supabase-Api-Version: 2024-01-01\n"));
    assert_non_null(strstr(stub->headers, "X-Client-Info: libcountersign/0.1.0"));
    bool typed = strstr(stub->headers, "Content-Type: application/json;charset=UTF-8\n") != NULL;
    assert_int_equal(typed, strcmp(method, "GET") != 0);
    bool key = strstr(stub->headers, "Authorization: Bearer anon-key\n") != NULL;
    assert_int_equal(key, !as_user);
    if (as_user) {
        assert_non_null(strstr(stub->headers, "Authorization: Bearer ey"));
    }
}

static void test_sign_up(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    stub_only(&fixture.stub, 200, stub_session(&fixture.stub, 0, "aal1", 3600, "r"));
    const cs_sign_up_params params = { .email = "a@example.com",
                                       .password = "p\"w",
                                       .data = "{\"n\": 1}",
                                       .captcha_token = "c",
                                       .email_redirect_to = "https://x/?a=b" };
    assert_int_equal(cs_auth_sign_up(fixture.client, &params, &out), CS_OK);
    assert_request("POST", "/signup?redirect_to=https%3A%2F%2Fx%2F%3Fa%3Db",
                   "{\"email\":\"a@example.com\",\"password\":\"p\\\"w\",\"data\":{\"n\": 1},"
                   "\"gotrue_meta_security\":{\"captcha_token\":\"c\"}}",
                   false);
    assert_non_null(out->session);
    assert_string_equal(out->session->refresh_token, "r");
    assert_string_equal(out->session->token_type, "bearer");
    assert_int_equal(out->session->expires_in, 3600);
    assert_string_equal(out->user->email, "a@example.com");
    assert_string_equal(out->user->last_sign_in_at, "");
    assert_string_equal(out->user->app_metadata, "{\"provider\":\"email\"}");
    assert_string_equal(out->user->user_metadata, "{}");
    assert_int_equal(out->user->factors_count, 1);
    assert_string_equal(out->user->factors[0].status, "verified");
    assert_string_equal(out->user->factors[0].last_challenged_at, "");
    assert_int_equal(out->user->identities_count, 1);
    assert_string_equal(out->user->identities[0].provider, "email");
    assert_non_null(strstr(out->user->json, "unknown_field"));
    cs_auth_response_free(&out);
    assert_null(out);
    cs_auth_response_free(&out);
    cs_auth_response_free(NULL);
}

static void test_sign_up_to_be_confirmed(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    cs_session *session = NULL;
    stub_only(&fixture.stub, 200, USER_JSON);
    const cs_sign_up_params params = { .phone = "+15551234567",
                                       .password = "pw",
                                       .channel = "sms" };
    assert_int_equal(cs_auth_sign_up(fixture.client, &params, &out), CS_OK);
    assert_request("POST", "/signup",
                   "{\"phone\":\"+15551234567\",\"password\":\"pw\",\"channel\":\"sms\"}", false);
    assert_null(out->session);
    assert_string_equal(out->user->id, USER_ID);
    cs_auth_response_free(&out);
    assert_int_equal(cs_auth_get_session(fixture.client, &session), CS_ERR_SESSION_MISSING);
    assert_null(session);
    const cs_sign_in_with_password_params in = { .email = "a",
                                                 .password = "b" }; /* is none without */
    assert_int_equal(cs_auth_sign_in_with_password(fixture.client, &in, &out),
                     CS_ERR_UNEXPECTED_RESPONSE);
    assert_null(out);
}

static void test_otp(void **state)
{
    (void)state;
    cs_otp_response *sent = NULL;
    cs_auth_response *out = NULL;
    stub_only(&fixture.stub, 200, "{\"message_id\":\"m1\"}");
    const cs_sign_in_with_otp_params params = { .phone = "+1555", .should_not_create_user = true };
    assert_int_equal(cs_auth_sign_in_with_otp(fixture.client, &params, &sent), CS_OK);
    assert_request("POST", "/otp", "{\"phone\":\"+1555\",\"create_user\":false}", false);
    assert_string_equal(sent->message_id, "m1");
    cs_otp_response_free(&sent);
    stub_only(&fixture.stub, 200, stub_session(&fixture.stub, 0, "aal1", 3600, "r"));
    const cs_verify_otp_params verify = { .type = "sms", .phone = "+1555", .token = "123456" };
    assert_int_equal(cs_auth_verify_otp(fixture.client, &verify, &out), CS_OK);
    assert_request("POST", "/verify", "{\"type\":\"sms\",\"token\":\"123456\",\"phone\":\"+1555\"}",
                   false);
    assert_non_null(out->session);
    cs_auth_response_free(&out);
    stub_only(&fixture.stub, 200, "{\"code\":\"200\",\"msg\":\"Confirmation link accepted.\"}");
    const cs_verify_otp_params change = { .type = "email_change", .token_hash = "h" };
    assert_int_equal(cs_auth_verify_otp(fixture.client, &change, &out), CS_OK);
    assert_null(out->session);
    assert_null(out->user);
    assert_string_equal(out->message, "Confirmation link accepted.");
    cs_auth_response_free(&out);
}

static void test_user(void **state)
{
    (void)state;
    cs_user_response *out = NULL;
    cs_session *session = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    stub_only(&fixture.stub, 200, USER_JSON);
    assert_int_equal(cs_auth_get_user(fixture.client, NULL, &out), CS_OK);
    assert_request("GET", "/user", "", true);
    assert_string_equal(out->user->id, USER_ID);
    cs_user_response_free(&out);
    assert_int_equal(cs_auth_get_user(fixture.client, "eyOther", &out), CS_OK);
    assert_non_null(strstr(fixture.stub.headers, "Bearer eyOther\n"));
    cs_user_response_free(&out);
    stub_only(&fixture.stub, 200, "{\"id\":\"" USER_ID "\",\"email\":\"new@example.com\"}");
    const cs_update_user_params params = { .email = "new@example.com", .nonce = "n" };
    assert_int_equal(cs_auth_update_user(fixture.client, &params, &out), CS_OK);
    assert_request("PUT", "/user", "{\"email\":\"new@example.com\",\"nonce\":\"n\"}", true);
    cs_user_response_free(&out);
    assert_int_equal(cs_auth_get_session(fixture.client, &session), CS_OK);
    assert_string_equal(session->user->email, "new@example.com");
    assert_string_equal(session->refresh_token, "refresh-1");
    cs_session_free(&session);
}

static void test_enroll(void **state)
{
    (void)state;
    cs_mfa_enroll_response *out = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    stub_only(&fixture.stub, 200,
              "{\"id\":\"" FACTOR_ID "\",\"type\":\"totp\",\"friendly_name\":\"f\",\"totp\":"
              "{\"qr_code\":\"<svg></svg>\",\"secret\":\"S\",\"uri\":\"otpauth://totp/x\"}}");
    const cs_mfa_enroll_params params = { .factor_type = "totp",
                                          .friendly_name = "f",
                                          .issuer = "i" };
    assert_int_equal(cs_auth_mfa_enroll(fixture.client, &params, &out), CS_OK);
    assert_request("POST", "/factors",
                   "{\"friendly_name\":\"f\",\"factor_type\":\"totp\",\"issuer\":\"i\"}", true);
    assert_string_equal(out->totp->qr_code, "data:image/svg+xml;utf-8,<svg></svg>");
    assert_string_equal(out->totp->qr_svg, "<svg></svg>");
    assert_string_equal(out->totp->secret, "S");
    cs_mfa_enroll_response_free(&out);
    stub_only(&fixture.stub, 200, "{\"id\":\"x\",\"type\":\"phone\",\"phone\":\"+1555\"}");
    const cs_mfa_enroll_params phone = { .factor_type = "phone", .phone = "+1555" };
    assert_int_equal(cs_auth_mfa_enroll(fixture.client, &phone, &out), CS_OK);
    assert_null(out->totp);
    assert_string_equal(out->phone, "+1555");
    assert_string_equal(out->friendly_name, "");
    cs_mfa_enroll_response_free(&out);
    stub_only(&fixture.stub, 200, "{\"id\":\"x\",\"type\":\"totp\"}");
    assert_int_equal(cs_auth_mfa_enroll(fixture.client, &params, &out), CS_ERR_UNEXPECTED_RESPONSE);
}

static void test_challenge_and_verify(void **state)
{
    (void)state;
    cs_mfa_challenge_response *challenge = NULL;
    cs_mfa_verify_response *verified = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    const char *opened =
        "{\"id\":\"" CHALLENGE_ID "\",\"type\":\"totp\",\"expires_at\":1800000300}";
    stub_only(&fixture.stub, 200, opened);
    assert_int_equal(cs_auth_mfa_challenge(
                         fixture.client,
                         &(cs_mfa_challenge_params){ .factor_id = FACTOR_ID, .channel = "sms" },
                         &challenge),
                     CS_OK);
    assert_request("POST", "/factors/" FACTOR_ID "/challenge", "{\"channel\":\"sms\"}", true);
    assert_int_equal(challenge->expires_at, 1800000300);
    assert_string_equal(challenge->webauthn, "");
    cs_mfa_challenge_response_free(&challenge);
    stub_only(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal2", 3600, "r2"));
    assert_int_equal(cs_auth_mfa_verify(fixture.client,
                                        &(cs_mfa_verify_params){ .factor_id = FACTOR_ID,
                                                                 .challenge_id = CHALLENGE_ID,
                                                                 .code = "1" },
                                        &verified),
                     CS_OK);
    assert_request("POST", "/factors/" FACTOR_ID "/verify",
                   "{\"challenge_id\":\"" CHALLENGE_ID "\",\"code\":\"1\"}", true);
    assert_string_equal(verified->refresh_token, "r2");
    assert_string_equal(verified->user->id, USER_ID);
    cs_mfa_verify_response_free(&verified);
    stub_only(&fixture.stub, 200, opened);
    stub_answer(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal2", 3600, "r3"));
    assert_int_equal(
        cs_auth_mfa_challenge_and_verify(
            fixture.client,
            &(cs_mfa_challenge_and_verify_params){ .factor_id = "a/../b", .code = "2" }, &verified),
        CS_OK);
    assert_request("POST", "/factors/a%2F..%2Fb/verify",
                   "{\"challenge_id\":\"" CHALLENGE_ID "\",\"code\":\"2\"}", true);
    assert_int_equal(fixture.stub.asked, 2);
    assert_string_equal(verified->refresh_token, "r3");
    cs_mfa_verify_response_free(&verified);
}

static void test_webauthn(void **state)
{
    (void)state;
    cs_mfa_challenge_response *challenge = NULL;
    cs_mfa_verify_response *verified = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    stub_only(&fixture.stub, 200,
              "{\"id\":\"c\",\"type\":\"webauthn\",\"expires_at\":1,"
              "\"webauthn\":{\"type\":\"create\"}}");
    assert_int_equal(cs_auth_mfa_challenge(fixture.client,
                                           &(cs_mfa_challenge_params){ .factor_id = FACTOR_ID },
                                           &challenge),
                     CS_OK);
    assert_string_equal(challenge->webauthn, "{\"type\":\"create\"}");
    cs_mfa_challenge_response_free(&challenge);
    cs_mfa_verify_params params = { .factor_id = FACTOR_ID,
                                    .challenge_id = "c",
                                    .webauthn = "{\"type\":\"create\"}" };
    stub_only(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal2", 3600, "r2"));
    assert_int_equal(cs_auth_mfa_verify(fixture.client, &params, &verified), CS_OK);
    assert_request("POST", "/factors/" FACTOR_ID "/verify",
                   "{\"challenge_id\":\"c\",\"webauthn\":{\"type\":\"create\"}}", true);
    cs_mfa_verify_response_free(&verified);
    params.webauthn = "[]";
    assert_int_equal(cs_auth_mfa_verify(fixture.client, &params, &verified),
                     CS_ERR_INVALID_ARGUMENT);
}

static void test_unenroll_refreshes(void **state)
{
    (void)state;
    cs_mfa_unenroll_response *out = NULL;
    cs_session *session = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    const cs_mfa_unenroll_params params = { .factor_id = FACTOR_ID };
    stub_only(&fixture.stub, 200, "{\"id\":\"" FACTOR_ID "\"}");
    stub_answer(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_mfa_unenroll(fixture.client, &params, &out), CS_OK);
    assert_int_equal(fixture.stub.asked, 2);
    assert_request("POST", "/token?grant_type=refresh_token", "{\"refresh_token\":\"refresh-1\"}",
                   false);
    assert_string_equal(out->id, FACTOR_ID);
    assert_int_equal(out->refresh_status, CS_OK);
    cs_mfa_unenroll_response_free(&out);
    assert_int_equal(cs_auth_get_session(fixture.client, &session), CS_OK);
    assert_string_equal(session->refresh_token, "r2");
    cs_session_free(&session);
    stub_only(&fixture.stub, 200, "{\"id\":\"" FACTOR_ID "\"}");
    stub_answer(&fixture.stub, 500, "{\"code\":\"unexpected_failure\",\"message\":\"no\"}");
    assert_int_equal(cs_auth_mfa_unenroll(fixture.client, &params, &out), CS_OK);
    assert_int_equal(out->refresh_status, CS_ERR_API);
    cs_mfa_unenroll_response_free(&out);
}

static void test_unenroll_without_refresh(void **state)
{
    (void)state;
    cs_mfa_unenroll_response *out = NULL;
    cs_client_options options = { .no_refresh_after_unenroll = true };
    cs_client *client = stub_client(&fixture.stub, &options);
    stub_sign_in(&fixture.stub, client);
    stub_only(&fixture.stub, 200, "{\"id\":\"" FACTOR_ID "\"}");
    assert_int_equal(
        cs_auth_mfa_unenroll(client, &(cs_mfa_unenroll_params){ .factor_id = FACTOR_ID }, &out),
        CS_OK);
    assert_int_equal(fixture.stub.asked, 1);
    assert_string_equal(fixture.stub.method, "DELETE");
    cs_mfa_unenroll_response_free(&out);
    cs_client_free(&client);
}

static void test_list_factors(void **state)
{
    (void)state;
    cs_mfa_list_factors_response *out = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    stub_only(&fixture.stub, 200,
              "{\"id\":\"u\",\"factors\":[" FACTOR_JSON
              ",{\"id\":\"2\",\"factor_type\":\"phone\",\"status\":\"unverified\"},"
              "{\"id\":\"3\",\"factor_type\":\"phone\",\"status\":\"verified\"},"
              "{\"id\":\"4\",\"factor_type\":\"recovery_code\",\"status\":\"verified\"},"
              "{\"id\":\"5\",\"factor_type\":\"newer\",\"status\":\"verified\"},"
              "{\"id\":\"6\",\"factor_type\":\"webauthn\",\"status\":\"verified\"}, 7]}");
    assert_int_equal(cs_auth_mfa_list_factors(fixture.client, &out), CS_OK);
    assert_request("GET", "/user", "", true);
    assert_int_equal(out->all_count, 6);
    assert_int_equal(out->totp_count, 1);
    assert_int_equal(out->phone_count, 1);
    assert_string_equal(out->phone[0].id, "3");
    assert_int_equal(out->webauthn_count, 1);
    assert_int_equal(out->recovery_code_count, 1);
    assert_string_equal(out->all[4].factor_type, "newer");
    cs_mfa_list_factors_response_free(&out);
}

static void test_assurance_level(void **state)
{
    (void)state;
    cs_mfa_assurance_level *level = NULL;
    assert_int_equal(cs_auth_mfa_get_authenticator_assurance_level(fixture.client, &level),
                     CS_ERR_SESSION_MISSING);
    stub_sign_in(&fixture.stub, fixture.client);
    assert_int_equal(cs_auth_mfa_get_authenticator_assurance_level(fixture.client, &level), CS_OK);
    assert_int_equal(fixture.stub.asked, 0);
    assert_string_equal(level->current_level, "aal1");
    assert_string_equal(level->next_level, "aal2");
    assert_int_equal(level->current_authentication_methods_count, 1);
    assert_string_equal(level->current_authentication_methods[0].method, "password");
    assert_int_equal(level->current_authentication_methods[0].timestamp, 1700000000);
    cs_mfa_assurance_level_free(&level);
    stub_only(&fixture.stub, 200, "{\"id\":\"u\",\"factors\":[]}");
    assert_int_equal(
        cs_auth_mfa_get_authenticator_assurance_level_from_server(fixture.client, NULL, &level),
        CS_OK);
    assert_request("GET", "/user", "", true);
    assert_string_equal(level->next_level, "aal1");
    cs_mfa_assurance_level_free(&level);
}

static void test_recovery_codes(void **state)
{
    (void)state;
    cs_mfa_recovery_codes_status *left = NULL;
    cs_mfa_recovery_codes *codes = NULL;
    cs_mfa_verify_response *verified = NULL;
    cs_mfa_unenroll_response *gone = NULL;
    stub_sign_in(&fixture.stub, fixture.client);
    const char *set = "{\"id\":\"x\",\"type\":\"recovery_code\",\"friendly_name\":\"Recovery "
                      "codes\",\"total\":2,\"codes\":[\"aa\",\"bb\"]}";
    stub_only(&fixture.stub, 200,
              "{\"id\":\"x\",\"type\":\"recovery_code\",\"total\":10,\"remaining\":7}");
    assert_int_equal(cs_auth_mfa_recovery_codes_get(fixture.client, &left), CS_OK);
    assert_request("GET", "/factors/recovery-codes", "", true);
    assert_int_equal(left->remaining, 7);
    cs_mfa_recovery_codes_status_free(&left);
    stub_only(&fixture.stub, 200, set);
    const cs_mfa_recovery_codes_generate_params params = { .friendly_name = "mine" };
    assert_int_equal(cs_auth_mfa_recovery_codes_generate(fixture.client, &params, &codes), CS_OK);
    assert_request("POST", "/factors/recovery-codes", "{\"friendly_name\":\"mine\"}", true);
    assert_int_equal(codes->codes_count, 2);
    assert_string_equal(codes->codes[1], "bb");
    cs_mfa_recovery_codes_free(&codes);
    assert_int_equal(cs_auth_mfa_recovery_codes_regenerate(fixture.client, &codes), CS_OK);
    assert_request("POST", "/factors/recovery-codes/regenerate", "{}", true);
    cs_mfa_recovery_codes_free(&codes);
    static const char *const none[] = { "{\"codes\":[]}", "{\"codes\":[\"aa\",7]}",
                                        "{\"codes\":[\"\"]}", "{\"codes\":\"aa\"}" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) { /* no code that is none */
        stub_only(&fixture.stub, 200, none[i]);
        assert_int_equal(cs_auth_mfa_recovery_codes_regenerate(fixture.client, &codes),
                         CS_ERR_UNEXPECTED_RESPONSE);
    }
    stub_only(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal2", 3600, "r2"));
    const cs_mfa_recovery_codes_verify_params verify = { .code = "aa" };
    assert_int_equal(cs_auth_mfa_recovery_codes_verify(fixture.client, &verify, &verified), CS_OK);
    assert_request("POST", "/factors/recovery-codes/verify", "{\"code\":\"aa\"}", true);
    cs_mfa_verify_response_free(&verified);
    stub_only(&fixture.stub, 200, "{\"id\":\"x\"}");
    stub_answer(&fixture.stub, 200, stub_session(&fixture.stub, 1, "aal1", 3600, "r3"));
    assert_int_equal(cs_auth_mfa_recovery_codes_unenroll(fixture.client, &gone), CS_OK);
    assert_int_equal(fixture.stub.asked, 2);
    cs_mfa_unenroll_response_free(&gone);
}

static void test_admin(void **state)
{
    (void)state;
    cs_admin_mfa_delete_factor_response *deleted = NULL;
    cs_admin_mfa_list_factors_response *list = NULL;
    stub_only(&fixture.stub, 200, FACTOR_JSON);
    const cs_admin_mfa_delete_factor_params params = { .id = FACTOR_ID, .user_id = USER_ID };
    assert_int_equal(cs_auth_admin_mfa_delete_factor(fixture.client, &params, &deleted), CS_OK);
    assert_request("DELETE", "/admin/users/" USER_ID "/factors/" FACTOR_ID, "", false);
    assert_string_equal(deleted->id, FACTOR_ID);
    cs_admin_mfa_delete_factor_response_free(&deleted);
    stub_only(&fixture.stub, 200, "[" FACTOR_JSON "," FACTOR_JSON "]");
    const cs_admin_mfa_list_factors_params whose = { .user_id = USER_ID };
    assert_int_equal(cs_auth_admin_mfa_list_factors(fixture.client, &whose, &list), CS_OK);
    assert_request("GET", "/admin/users/" USER_ID "/factors", "", false);
    assert_int_equal(list->factors_count, 2);
    cs_admin_mfa_list_factors_response_free(&list);
    stub_reset(&fixture.stub);
    const cs_admin_mfa_delete_factor_params bad = { .id = "../x", .user_id = USER_ID };
    assert_int_equal(cs_auth_admin_mfa_delete_factor(fixture.client, &bad, &deleted),
                     CS_ERR_INVALID_ARGUMENT);
    const cs_admin_mfa_delete_factor_params worse = { .id = FACTOR_ID, .user_id = "me" };
    assert_int_equal(cs_auth_admin_mfa_delete_factor(fixture.client, &worse, &deleted),
                     CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(fixture.stub.asked, 0);
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(test_sign_up),
        CALL_TEST(test_sign_up_to_be_confirmed),
        CALL_TEST(test_otp),
        CALL_TEST(test_user),
        CALL_TEST(test_enroll),
        CALL_TEST(test_challenge_and_verify),
        CALL_TEST(test_webauthn),
        CALL_TEST(test_unenroll_refreshes),
        CALL_TEST(test_unenroll_without_refresh),
        CALL_TEST(test_list_factors),
        CALL_TEST(test_assurance_level),
        CALL_TEST(test_recovery_codes),
        CALL_TEST(test_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

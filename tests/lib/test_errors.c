/* Every way in which a call fails: statuses, codes and messages, retries, bad parameters. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stub stub;
static cs_client *client;

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    client = stub_client(&stub, NULL);
    if (client != NULL) {
        stub_sign_in(&stub, client);
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

/* A call that is not repeatable, and one that is. */
static cs_status enroll(void)
{
    cs_mfa_enroll_response *out = NULL;
    cs_status status =
        cs_auth_mfa_enroll(client, &(cs_mfa_enroll_params){ .factor_type = "totp" }, &out);
    assert_int_equal(out != NULL, status == CS_OK);
    cs_mfa_enroll_response_free(&out);
    return status;
}

static cs_status get_user(void)
{
    cs_user_response *out = NULL;
    cs_status status = cs_auth_get_user(client, NULL, &out);
    assert_int_equal(out != NULL, status == CS_OK);
    cs_user_response_free(&out);
    return status;
}

static const cs_error *error_of(void)
{
    const cs_error *error = cs_client_last_error(client);
    assert_non_null(error);
    assert_non_null(error->code);
    assert_non_null(error->message);
    return error;
}

static const struct {
    int http_status;
    const char *body;
    const char *headers;
    cs_status status;
    const char *code;
    const char *message;
} envelopes[] = {
    { 422, "{\"code\":\"mfa_verification_failed\",\"message\":\"Invalid TOTP code entered\"}", "",
      CS_ERR_API, "mfa_verification_failed", "Invalid TOTP code entered" },
    { 403, "{\"code\":403,\"error_code\":\"bad_jwt\",\"msg\":\"invalid JWT\"}", "", CS_ERR_API,
      "bad_jwt", "invalid JWT" },
    { 400, "{\"error\":\"invalid request\",\"error_description\":\"id_token required\"}", "",
      CS_ERR_API, "invalid request", "id_token required" },
    { 400, "{\"message\":\"no code\"}", "X-Sb-Error-Code: from_header", CS_ERR_API, "from_header",
      "no code" },
    { 418, "{\"code\":\"of_the_future\",\"message\":\"m\"}", "", CS_ERR_API, "of_the_future", "m" },
    { 500, "{\"code\":\"unexpected_failure\",\"message\":\"m\"}", "", CS_ERR_API,
      "unexpected_failure", "m" },
    { 403, "{\"code\":\"session_not_found\",\"message\":\"gone\"}", "", CS_ERR_SESSION_MISSING,
      "session_not_found", "gone" },
    { 404, "404 page not found\n", "Content-Type: text/plain", CS_ERR_UNEXPECTED_RESPONSE, "",
      "HTTP 404 with text/plain" },
    { 403, "<html>blocked</html>", "Content-Type: text/html", CS_ERR_UNEXPECTED_RESPONSE, "",
      "HTTP 403 with text/html" },
    { 400, "[1]", "", CS_ERR_UNEXPECTED_RESPONSE, "", "HTTP 400" },
    { 400, "{\"x\":1}", "", CS_ERR_UNEXPECTED_RESPONSE, "", "HTTP 400" },
    { 302, "", "Location: https://else.where/", CS_ERR_UNEXPECTED_RESPONSE, "",
      "https://else.where/" },
    { 200, "<html>log in</html>", "Content-Type: text/html", CS_ERR_UNEXPECTED_RESPONSE, "",
      "no JSON" },
    { 200, "{\"id\":\"x\",\"type\":\"to", "", CS_ERR_UNEXPECTED_RESPONSE, "", "cut off" },
    { 200, "", "", CS_ERR_UNEXPECTED_RESPONSE, "", "no factor" },
    { 200, "null", "", CS_ERR_UNEXPECTED_RESPONSE, "", "no factor" },
    { 200, "{}", "", CS_ERR_UNEXPECTED_RESPONSE, "", "no factor" },
    { 100, "", "", CS_ERR_UNEXPECTED_RESPONSE, "", "HTTP 100" },
};

static void test_envelopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        stub_reset(&stub);
        stub_add(&stub, (struct stub_answer){ .http_status = envelopes[i].http_status,
                                              .body = envelopes[i].body,
                                              .headers = envelopes[i].headers });
        assert_int_equal(enroll(), envelopes[i].status);
        const cs_error *error = error_of();
        assert_int_equal(error->status, envelopes[i].status);
        assert_int_equal(error->http_status, envelopes[i].http_status);
        assert_string_equal(error->code, envelopes[i].code);
        assert_non_null(strstr(error->message, envelopes[i].message));
        assert_false(error->retryable);
        assert_int_equal(stub.asked, 1);
        if (envelopes[i].status == CS_ERR_SESSION_MISSING) {
            stub_sign_in(&stub, client); /* for the next row */
        }
    }
}

static void test_weak_password(void **state)
{
    (void)state;
    cs_user_response *out = NULL;
    const cs_update_user_params params = { .password = "123" };
    stub_only(&stub, 422,
              "{\"code\":\"weak_password\",\"message\":\"too short\","
              "\"weak_password\":{\"reasons\":[\"length\",\"pwned\",7]}}");
    assert_int_equal(cs_auth_update_user(client, &params, &out), CS_ERR_WEAK_PASSWORD);
    const cs_error *error = error_of();
    assert_int_equal(error->weak_password_reasons_count, 2);
    assert_string_equal(error->weak_password_reasons[0], "length");
    assert_string_equal(error->weak_password_reasons[1], "pwned");
    stub_only(&stub, 422, "{\"code\":\"weak_password\",\"message\":\"too short\"}");
    assert_int_equal(cs_auth_update_user(client, &params, &out), CS_ERR_WEAK_PASSWORD);
    assert_int_equal(error_of()->weak_password_reasons_count, 0);
}

static void test_rate_limit(void **state)
{
    (void)state;
    stub_reset(&stub);
    stub_add(&stub, (struct stub_answer){ .http_status = 429,
                                          .body = "{\"code\":\"over_request_rate_limit\","
                                                  "\"message\":\"Request rate limit reached\"}",
                                          .headers = "Retry-After: 60" });
    assert_int_equal(get_user(), CS_ERR_RATE_LIMITED);
    assert_int_equal(stub.asked, 1);
    assert_int_equal(error_of()->retry_after_s, 60);
    assert_true(error_of()->retryable);
    static const char *const nonsense[] = { "Retry-After: soon", "Retry-After: -5",
                                            "Retry-After: 99999999999999999999", "Retry-After: " };
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        stub_reset(&stub);
        stub_add(&stub, (struct stub_answer){ .http_status = 429, .headers = nonsense[i] });
        assert_int_equal(get_user(), CS_ERR_RATE_LIMITED);
        assert_int_equal(error_of()->retry_after_s, 0);
    }
}

/* Retry-After as a date counts from the same answer's Date, whatever the clock here says. */
static void test_retry_after_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        long seconds;
    } rows[] = {
        { "Date: Wed, 28 Feb 2024 23:59:50 GMT\nRetry-After: Thu, 29 Feb 2024 00:00:05 GMT", 15 },
        { "Retry-After: Fri, 01 Mar 2024 00:00:01 GMT\nDate: Thu, 29 Feb 2024 23:59:59 GMT", 2 },
        { "Retry-After: Fri, 15 Jan 2027 08:01:00 GMT", 60 }, /* the stub's clock: 08:00:00 */
        { "Date: Sun, 06 Nov 1994 08:49:37 GMT\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0 },
        { "Date: Sun, 06 Nov 1994 08:49:37 GMT\nRetry-After: Sun, 06 Nov 1994 08:49:30 GMT", 0 },
        { "Date: Sun, 06 Nov 1994 08:49:37 GMT\nRetry-After: Sun, 06 Nov 2094 08:49:37 GMT", 0 },
        { "Date: x\nRetry-After: Fri, 15 Jan 2027 08:00:09 GMT", 9 },
        { "Retry-After: Fri, 15 Foo 2027 08:00:09 GMT", 0 },
        { "Retry-After: Fri, 15 Jan 2027 08:00:0x GMT", 0 },
        { "Retry-After: Fri, 15 Jan 2027 25:00:09 GMT", 0 },
        { "Retry-After: Friday, 15-Jan-27 08:00:09 GMT", 0 },
        { "Retry-After: 7 \t", 7 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stub_reset(&stub);
        stub_add(&stub, (struct stub_answer){ .http_status = 429, .headers = rows[i].headers });
        assert_int_equal(get_user(), CS_ERR_RATE_LIMITED);
        assert_int_equal(error_of()->retry_after_s, rows[i].seconds);
    }
}

static void test_retries(void **state)
{
    (void)state;
    static const int passing[] = { 502, 503, 504, 520, 530 };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        stub_only(&stub, passing[i], "<html>bad gateway</html>");
        stub_answer(&stub, 200, USER_JSON);
        assert_int_equal(get_user(), CS_OK);
        assert_int_equal(stub.asked, 2);
        stub_only(&stub, passing[i], "<html>bad gateway</html>");
        assert_int_equal(get_user(), CS_ERR_UNAVAILABLE);
        assert_int_equal(stub.asked, 4); /* the default: three retries */
        stub_only(&stub, passing[i], "");
        assert_int_equal(enroll(), CS_ERR_UNAVAILABLE);
        assert_int_equal(stub.asked, 1); /* the server may have acted */
        assert_true(error_of()->retryable);
    }
    static const int final[] = { 400, 401, 403, 404, 422, 500, 501, 505, 519, 531 };
    for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
        stub_only(&stub, final[i], "{\"code\":\"x\",\"message\":\"m\"}");
        assert_int_equal(get_user(), CS_ERR_API);
        assert_int_equal(stub.asked, 1);
    }
}

static void test_transport_failures(void **state)
{
    (void)state;
    static const struct {
        cs_status fail;
        int asked_user;   /* how often a repeatable call asks */
        int asked_enroll; /* and one that is not */
    } rows[] = { { CS_ERR_CONNECT, 4, 4 },   { CS_ERR_NETWORK, 4, 1 },
                 { CS_ERR_TIMEOUT, 4, 1 },   { CS_ERR_TLS, 1, 1 },
                 { CS_ERR_NO_MEMORY, 1, 1 }, { CS_ERR_RESPONSE_TOO_LARGE, 1, 1 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stub_reset(&stub);
        stub_add(&stub, (struct stub_answer){ .fail = rows[i].fail });
        assert_int_equal(get_user(), rows[i].fail);
        assert_int_equal(stub.asked, rows[i].asked_user);
        assert_true(strlen(error_of()->message) > 10);
        assert_int_equal(error_of()->http_status, 0);
        stub_reset(&stub);
        stub_add(&stub, (struct stub_answer){ .fail = rows[i].fail });
        assert_int_equal(enroll(), rows[i].fail);
        assert_int_equal(stub.asked, rows[i].asked_enroll);
    }
}

static void test_retry_waits_within_the_timeout(void **state)
{
    (void)state;
    cs_client_options options = { .timeout_ms = 50, .max_retries = 1000 };
    cs_client *hasty = stub_client(&stub, &options);
    cs_user_response *out = NULL;
    stub_reset(&stub);
    stub_add(&stub, (struct stub_answer){ .http_status = 503, .headers = "Retry-After: 1" });
    assert_int_equal(cs_auth_get_user(hasty, "token", &out), CS_ERR_UNAVAILABLE);
    assert_int_equal(stub.asked, 1); /* a second is more than is left */
    cs_client_free(&hasty);
    cs_client_options none = { .max_retries = -1 };
    hasty = stub_client(&stub, &none);
    stub_only(&stub, 503, "");
    assert_int_equal(cs_auth_get_user(hasty, "token", &out), CS_ERR_UNAVAILABLE);
    assert_int_equal(stub.asked, 1);
    cs_client_free(&hasty);
}

static void test_too_large(void **state)
{
    (void)state;
    cs_client_options options = { .max_response_bytes = 100 };
    cs_client *small = stub_client(&stub, &options);
    cs_user_response *out = NULL;
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(cs_auth_get_user(small, "token", &out), CS_ERR_RESPONSE_TOO_LARGE);
    assert_int_equal(stub.asked, 1);
    cs_client_free(&small);
}

static void test_null_mfa_parameters(void **state)
{
    (void)state;
    cs_mfa_enroll_response *enrolled = NULL;
    cs_mfa_challenge_response *challenge = NULL;
    cs_mfa_verify_response *verified = NULL;
    cs_admin_mfa_delete_factor_response *deleted = NULL;
    const cs_status bad = CS_ERR_INVALID_ARGUMENT;
    stub_reset(&stub);
    assert_int_equal(cs_auth_mfa_enroll(client, &(cs_mfa_enroll_params){ 0 }, &enrolled), bad);
    assert_int_equal(cs_auth_mfa_challenge(client, &(cs_mfa_challenge_params){ 0 }, &challenge),
                     bad);
    assert_int_equal(
        cs_auth_mfa_challenge(client, &(cs_mfa_challenge_params){ .factor_id = ".." }, &challenge),
        bad);
    assert_int_equal(cs_auth_mfa_verify(client,
                                        &(cs_mfa_verify_params){ .factor_id = "x", .code = "1" },
                                        &verified),
                     bad);
    assert_int_equal(
        cs_auth_mfa_challenge_and_verify(
            client, &(cs_mfa_challenge_and_verify_params){ .factor_id = "x" }, &verified),
        bad);
    assert_int_equal(cs_auth_mfa_recovery_codes_verify(
                         client, &(cs_mfa_recovery_codes_verify_params){ 0 }, &verified),
                     bad);
    assert_int_equal(cs_auth_admin_mfa_delete_factor(
                         client, &(cs_admin_mfa_delete_factor_params){ .id = FACTOR_ID }, &deleted),
                     bad);
    assert_int_equal(stub.asked, 0);
}

static void test_null_parameters(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    cs_otp_response *sent = NULL;
    stub_reset(&stub);
    const cs_status bad = CS_ERR_INVALID_ARGUMENT;
    assert_int_equal(cs_auth_sign_up(client, NULL, &out), bad);
    assert_int_equal(cs_auth_sign_up(client, &(cs_sign_up_params){ 0 }, NULL), bad);
    assert_int_equal(cs_auth_sign_up(NULL, &(cs_sign_up_params){ 0 }, &out), bad);
    assert_int_equal(cs_auth_sign_up(client, &(cs_sign_up_params){ .email = "a" }, &out), bad);
    assert_non_null(strstr(error_of()->message, "password"));
    assert_int_equal(
        cs_auth_sign_up(client, &(cs_sign_up_params){ .email = "a", .phone = "b", .password = "c" },
                        &out),
        bad);
    assert_int_equal(
        cs_auth_sign_up(
            client, &(cs_sign_up_params){ .email = "a", .password = "c", .data = "no json" }, &out),
        bad);
    assert_int_equal(
        cs_auth_sign_up(client, &(cs_sign_up_params){ .email = "\xff", .password = "c" }, &out),
        bad);
    assert_non_null(strstr(error_of()->message, "email is not valid UTF-8"));
    assert_int_equal(cs_auth_sign_in_with_password(
                         client, &(cs_sign_in_with_password_params){ .email = "a" }, &out),
                     bad);
    assert_int_equal(
        cs_auth_sign_in_with_otp(client, &(cs_sign_in_with_otp_params){ .channel = "sms" }, &sent),
        bad);
    assert_int_equal(
        cs_auth_verify_otp(client, &(cs_verify_otp_params){ .token = "1", .email = "a" }, &out),
        bad);
    assert_int_equal(
        cs_auth_verify_otp(client, &(cs_verify_otp_params){ .type = "sms", .token = "1" }, &out),
        bad);
    assert_int_equal(cs_auth_verify_otp(client, &(cs_verify_otp_params){ .type = "sms" }, &out),
                     bad);
    assert_int_equal(
        cs_auth_set_session(client, &(cs_set_session_params){ .access_token = "x" }, &out), bad);
    assert_int_equal(cs_auth_get_session(client, NULL), bad);
    assert_int_equal(cs_auth_sign_out(client, &(cs_sign_out_params){ .scope = "all" }), bad);
    assert_int_equal(cs_auth_on_auth_state_change(client, NULL, NULL, NULL), bad);
    assert_int_equal(cs_auth_start_auto_refresh(NULL), bad);
    cs_auth_stop_auto_refresh(NULL);
    cs_auth_unsubscribe(NULL, 1);
    cs_auth_unsubscribe(client, 77);
    cs_client_cancel(NULL);
    assert_int_equal(stub.asked, 0);
}

static void test_new_client(void **state)
{
    (void)state;
    cs_client *made = client;
    assert_int_equal(cs_client_new(NULL, "k", NULL, &made), CS_ERR_INVALID_URL);
    assert_null(made);
    assert_int_equal(cs_client_new("localhost:54321", "k", NULL, &made), CS_ERR_INVALID_URL);
    assert_int_equal(cs_client_new("http://x", NULL, NULL, &made), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_client_new("http://x", "", NULL, &made), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_client_new("http://x", "k\r\nX: y", NULL, &made), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_client_new("http://x", "k", NULL, NULL), CS_ERR_INVALID_ARGUMENT);
    const cs_storage storage = { .userdata = NULL };
    cs_client_options options = { .storage = &storage };
    assert_int_equal(cs_client_new("http://x", "k", &options, &made), CS_ERR_INVALID_ARGUMENT);
    const cs_transport transport = { .userdata = NULL };
    options = (cs_client_options){ .transport = &transport };
    assert_int_equal(cs_client_new("http://x", "k", &options, &made), CS_ERR_INVALID_ARGUMENT);
    options = (cs_client_options){ .client_info = "a\nb" };
    assert_int_equal(cs_client_new("http://x", "k", &options, &made), CS_ERR_INVALID_ARGUMENT);
    assert_string_equal(cs_client_last_error(NULL)->code, "");
    assert_int_equal(cs_client_last_error(NULL)->status, CS_ERR_INVALID_ARGUMENT);
    cs_client_free(NULL);
    made = NULL;
    cs_client_free(&made);
}

static void test_last_error_follows_the_last_call(void **state)
{
    (void)state;
    stub_only(&stub, 404, "{\"code\":\"mfa_factor_not_found\",\"message\":\"Factor not found\"}");
    assert_int_equal(enroll(), CS_ERR_API);
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(get_user(), CS_OK);
    assert_int_equal(error_of()->status, CS_OK);
    assert_string_equal(error_of()->code, "");
    assert_int_equal(error_of()->weak_password_reasons_count, 0);
    cs_client *other = stub_client(&stub, NULL);
    assert_int_equal(enroll(), CS_ERR_UNEXPECTED_RESPONSE);
    assert_int_equal(cs_client_last_error(other)->status, CS_OK);
    cs_client_free(&other);
}

static void test_hostile_messages(void **state)
{
    (void)state;
    static char body[6000];
    snprintf(body, sizeof body, "{\"code\":\"%0300d\",\"message\":\"%%s%%n%05000d\"}", 1, 2);
    stub_only(&stub, 400, body);
    assert_int_equal(enroll(), CS_ERR_API);
    assert_memory_equal(error_of()->message, "%s%n", 4);
    assert_true(strlen(error_of()->message) < 600);
    stub_reset(&stub);
    stub_add(&stub,
             (struct stub_answer){ .http_status = 301, .headers = "Location: a\x1b[2Jb\xff" });
    assert_int_equal(enroll(), CS_ERR_UNEXPECTED_RESPONSE);
    assert_non_null(strstr(error_of()->message, "\"a?[2Jb?\""));
    assert_int_equal(cs_http_response_append_body(NULL, "x", 1), CS_ERR_INVALID_ARGUMENT);
    assert_false(cs_http_request_is_cancelled(NULL));
}

/* What does not fit is cut between characters: text is UTF-8 in whatever length. */
static void test_long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    static char body[4000], text[1200];
    cs_user_response *out = NULL;
    static const char *const characters[] = { "\u00e9", "\u20ac", "\U0001F511" };
    for (size_t i = 0; i < 12; i++) { /* each character at each place where it may be cut */
        const char *character = characters[i / 4];
        size_t length = strlen(character), used = i % 4;
        memset(text, 'a', used);
        while (used + length < 700) {
            memcpy(text + used, character, length);
            used += length;
        }
        text[used] = '\0';
        snprintf(body, sizeof body,
                 "{\"code\":\"%s\",\"message\":\"%s\",\"weak_password\":{\"reasons\":[\"%s\"]}}",
                 text, text, text);
        stub_only(&stub, 422, body);
        const cs_update_user_params params = { .password = "1" };
        assert_int_equal(cs_auth_update_user(client, &params, &out), CS_ERR_WEAK_PASSWORD);
        const char *const cut[] = { error_of()->message, error_of()->code,
                                    error_of()->weak_password_reasons[0] };
        for (size_t j = 0; j < 3; j++) {
            assert_true(strlen(cut[j]) > 20);
            assert_memory_equal(text, cut[j], strlen(cut[j]));
            assert_int_equal((strlen(cut[j]) - i % 4) % length, 0);
        }
    }
}

/* Arrays nested deeper than a parser may follow; a million would be refused for its size first. */
static void test_deep_json(void **state)
{
    (void)state;
    size_t size = 200000;
    char *body = malloc(size + 1);
    assert_non_null(body);
    memset(body, '[', size);
    body[size] = '\0';
    stub_only(&stub, 200, body);
    assert_int_equal(get_user(), CS_ERR_UNEXPECTED_RESPONSE);
    stub_only(&stub, 400, body);
    assert_int_equal(get_user(), CS_ERR_UNEXPECTED_RESPONSE);
    free(body);
}

#ifdef __SANITIZE_ADDRESS__
enum { LITTLE_STACK = 1024 * 1024 }; /* whose frames are larger */
#else
enum { LITTLE_STACK = 128 * 1024 };
#endif

static void *get_user_twice(void *status)
{
    cs_status *both = status;
    both[0] = get_user();
    both[1] = get_user();
    return NULL;
}

/* What is read fits into the stack of a thread, however little threads get: musl gives them 128
 * KiB. */
static void test_deep_json_with_little_stack(void **state)
{
    (void)state;
    static char bodies[2][8192];
    cs_status status[2] = { CS_OK, CS_OK };
    pthread_attr_t attributes;
    pthread_t thread;
    stub_reset(&stub);
    for (size_t i = 0; i < 2; i++) { /* the object itself is one more */
        char nested[2048];
        size_t depth = i == 0 ? 399 : 400;
        memset(nested, '[', depth);
        memset(nested + depth, ']', depth);
        nested[2 * depth] = '\0';
        snprintf(bodies[i], sizeof bodies[i], "{\"x\":%s,%s", nested, USER_JSON + 1);
        stub_answer(&stub, 200, bodies[i]);
    }
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, LITTLE_STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, get_user_twice, status), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    assert_int_equal(status[0], CS_OK);
    assert_int_equal(status[1], CS_ERR_UNEXPECTED_RESPONSE);
}

#define ERROR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ERROR_TEST(test_envelopes),
        ERROR_TEST(test_weak_password),
        ERROR_TEST(test_rate_limit),
        ERROR_TEST(test_retry_after_a_date),
        ERROR_TEST(test_retries),
        ERROR_TEST(test_transport_failures),
        ERROR_TEST(test_retry_waits_within_the_timeout),
        ERROR_TEST(test_too_large),
        ERROR_TEST(test_null_parameters),
        ERROR_TEST(test_null_mfa_parameters),
        ERROR_TEST(test_new_client),
        ERROR_TEST(test_last_error_follows_the_last_call),
        ERROR_TEST(test_hostile_messages),
        ERROR_TEST(test_long_messages_are_cut_between_characters),
        ERROR_TEST(test_deep_json),
        ERROR_TEST(test_deep_json_with_little_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

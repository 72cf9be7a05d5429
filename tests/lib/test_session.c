/* The session: when it is renewed, how it ends, who is told. */
#include "stub.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct stub stub;
static cs_client *client;
static cs_auth_event events[32];
static int events_count;

static void note_event(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)userdata;
    bool without = event == CS_EVENT_SIGNED_OUT;
    if (event != CS_EVENT_INITIAL_SESSION) {
        assert_int_equal(session == NULL, without);
    }
    if (events_count < 32) {
        events[events_count++] = event;
    }
}

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    events_count = 0;
    client = stub_client(&stub, NULL);
    return client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    return 0;
}

static const char *token_in_force(cs_client *of)
{
    static char token[64];
    cs_session *session = NULL;
    assert_int_equal(cs_auth_get_session(of, &session), CS_OK);
    snprintf(token, sizeof token, "%s", session->refresh_token);
    cs_session_free(&session);
    return token;
}

static void advance(int64_t seconds)
{
    pthread_mutex_lock(&stub.lock);
    stub.now += seconds;
    pthread_mutex_unlock(&stub.lock);
}

static void test_renewed_at_the_official_margin(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    advance(3600 - 90);
    assert_string_equal(token_in_force(client), "refresh-1");
    assert_int_equal(stub.asked, 0);
    advance(1);
    assert_string_equal(token_in_force(client), "r2");
    assert_int_equal(stub.asked, 1);
    assert_string_equal(stub.body, "{\"refresh_token\":\"refresh-1\"}");
}

static void test_short_sessions_are_not_renewed_each_time(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 60, "r2"));
    advance(3590);
    assert_string_equal(token_in_force(client), "r2");
    assert_string_equal(token_in_force(client), "r2");
    advance(29);
    assert_string_equal(token_in_force(client), "r2");
    assert_int_equal(stub.asked, 1);
    advance(2);
    assert_string_equal(token_in_force(client), "r2");
    assert_int_equal(stub.asked, 2);
}

static void test_clock_off_by_a_day(void **state)
{
    (void)state;
    for (int day = -1; day <= 1; day += 2) {
        const char *json = stub_session(&stub, 2, "aal1", 3600, "r");
        cs_auth_response *out = NULL;
        advance(day * 86400); /* now this machine and the server disagree */
        stub_only(&stub, 200, json);
        assert_int_equal(
            cs_auth_sign_in_with_password(
                client, &(cs_sign_in_with_password_params){ .email = "a", .password = "b" }, &out),
            CS_OK);
        cs_auth_response_free(&out);
        stub_reset(&stub);
        assert_string_equal(token_in_force(client), "r");
        assert_int_equal(stub.asked, 0);
        stub_only(&stub, 200, stub_session(&stub, 3, "aal1", 3600, "r2"));
        advance(3550);
        assert_string_equal(token_in_force(client), "r2");
    }
}

static void test_renewal_that_cannot_be_had(void **state)
{
    (void)state;
    cs_session *session = NULL;
    stub_sign_in(&stub, client);
    advance(3550);
    stub_only(&stub, 503, "");
    assert_string_equal(token_in_force(client), "refresh-1"); /* fifty seconds are left */
    int asked = stub.asked;
    advance(29);
    assert_string_equal(token_in_force(client), "refresh-1");
    assert_int_equal(stub.asked, asked); /* calls do not each wait for a server that is away */
    cs_auth_response *out = NULL;
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_UNAVAILABLE);
    assert_true(stub.asked > asked); /* who asks for it gets it */
    asked = stub.asked;
    advance(-29);
    assert_string_equal(token_in_force(client), "refresh-1");
    assert_true(stub.asked > asked); /* the clock was set back */
    asked = stub.asked;
    advance(30);
    assert_string_equal(token_in_force(client), "refresh-1");
    assert_true(stub.asked > asked);
    advance(20);
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_UNAVAILABLE);
    stub_only(&stub, 429, "");
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_RATE_LIMITED);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_string_equal(token_in_force(client), "r2"); /* nothing was lost */
}

static void test_renewal_refused_signs_out(void **state)
{
    (void)state;
    cs_subscription subscription;
    cs_session *session = NULL;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &subscription), CS_OK);
    advance(3600);
    stub_only(&stub, 400,
              "{\"code\":\"refresh_token_already_used\",\"message\":\"Invalid Refresh Token\"}");
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_API);
    assert_string_equal(cs_client_last_error(client)->code, "refresh_token_already_used");
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_SESSION_MISSING);
    assert_int_equal(events_count, 2);
    assert_int_equal(events[0], CS_EVENT_INITIAL_SESSION);
    assert_int_equal(events[1], CS_EVENT_SIGNED_OUT);
}

static void test_session_ended_elsewhere(void **state)
{
    (void)state;
    cs_subscription subscription;
    cs_session *session = NULL;
    cs_user_response *user = NULL;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &subscription), CS_OK);
    stub_only(&stub, 403, "{\"code\":\"session_not_found\",\"message\":\"gone\"}");
    assert_int_equal(cs_auth_get_user(client, "another token", &user), CS_ERR_INVALID_TOKEN);
    assert_int_equal(cs_auth_get_user(client, "another.token", &user), CS_ERR_SESSION_MISSING);
    assert_int_equal(events_count, 1); /* that was not the own session */
    assert_int_equal(cs_auth_get_user(client, NULL, &user), CS_ERR_SESSION_MISSING);
    assert_string_equal(cs_client_last_error(client)->code, "session_not_found");
    assert_int_equal(events_count, 2);
    assert_int_equal(events[1], CS_EVENT_SIGNED_OUT);
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_SESSION_MISSING);
    assert_string_equal(cs_client_last_error(client)->code, "");
    cs_mfa_verify_response *verified = NULL;
    const cs_mfa_verify_params params = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    stub_sign_in(&stub, client);
    stub_only(&stub, 403, "{\"code\":\"session_not_found\",\"message\":\"gone\"}");
    assert_int_equal(cs_auth_mfa_verify(client, &params, &verified), CS_ERR_SESSION_MISSING);
    assert_int_equal(events[events_count - 1], CS_EVENT_SIGNED_OUT);
    assert_int_equal(cs_auth_mfa_verify(client, &params, &verified), CS_ERR_SESSION_MISSING);
    assert_int_equal(stub.asked, 1);
}

static void test_odd_lifetimes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0",        "-5",   "9223372036854775807", "-9223372036854775808", "null", "1e13",
        "\"3600\"", "1e300"
    };
    const cs_sign_in_with_password_params params = { .email = "a", .password = "b" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cs_auth_response *out = NULL;
        char body[256];
        snprintf(body, sizeof body,
                 "{\"access_token\":\"a.b.c\",\"refresh_token\":\"r\",\"expires_in\":%s}", bad[i]);
        stub_only(&stub, 200, body);
        assert_int_equal(cs_auth_sign_in_with_password(client, &params, &out),
                         CS_ERR_UNEXPECTED_RESPONSE);
    }
    cs_auth_response *out = NULL;
    stub_only(&stub, 200,
              "{\"access_token\":\"a.b.c\",\"refresh_token\":\"r\",\"expires_at\":1800000100}");
    assert_int_equal(cs_auth_sign_in_with_password(client, &params, &out), CS_OK);
    assert_int_equal(out->session->expires_in, 100);
    assert_null(out->session->user);
    cs_auth_response_free(&out);
}

static void test_no_auto_refresh(void **state)
{
    (void)state;
    cs_client_options options = { .no_auto_refresh = true };
    cs_client *still = stub_client(&stub, &options);
    stub_sign_in(&stub, still);
    advance(5000);
    assert_string_equal(token_in_force(still), "refresh-1");
    assert_int_equal(stub.asked, 0);
    cs_client_free(&still);
}

static void test_set_session(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    cs_subscription subscription;
    char jwt[1024], claims[64];
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &subscription), CS_OK);
    snprintf(claims, sizeof claims, "{\"exp\":%lld,\"aal\":\"aal1\"}", (long long)stub.now + 1000);
    stub_jwt(jwt, sizeof jwt, "{\"alg\":\"HS256\"}", claims);
    cs_set_session_params params = { .access_token = jwt, .refresh_token = "r9" };
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(cs_auth_set_session(client, &params, &out), CS_OK);
    assert_string_equal(stub.method, "GET");
    assert_int_equal(out->session->expires_in, 1000);
    assert_string_equal(out->user->id, USER_ID);
    cs_auth_response_free(&out);
    stub_only(&stub, 403, "{\"code\":\"bad_jwt\",\"message\":\"invalid JWT\"}");
    assert_int_equal(cs_auth_set_session(client, &params, &out), CS_ERR_API);
    assert_string_equal(token_in_force(client), "r9");
    advance(2000); /* expired: refreshed at once */
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r10"));
    assert_int_equal(cs_auth_set_session(client, &params, &out), CS_OK);
    assert_string_equal(stub.body, "{\"refresh_token\":\"r9\"}");
    cs_auth_response_free(&out);
    params.access_token = "no.jwt";
    assert_int_equal(cs_auth_set_session(client, &params, &out), CS_ERR_INVALID_TOKEN);
    assert_int_equal(events[1], CS_EVENT_SIGNED_IN);
    assert_int_equal(events[2], CS_EVENT_TOKEN_REFRESHED);
    assert_int_equal(events_count, 3);
}

static void test_refresh_session(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_SESSION_MISSING);
    assert_int_equal(stub.asked, 0);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_refresh_session(client, "given", &out), CS_OK);
    assert_string_equal(stub.body, "{\"refresh_token\":\"given\"}");
    cs_auth_response_free(&out);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r3"));
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
    assert_string_equal(stub.body, "{\"refresh_token\":\"r2\"}");
    assert_string_equal(out->session->refresh_token, "r3");
    cs_auth_response_free(&out);
    stub_only(&stub, 200, "{\"access_token\":\"x\",\"user\":{}}");
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_UNEXPECTED_RESPONSE);
    assert_string_equal(token_in_force(client), "r3");
}

static void test_sign_out(void **state)
{
    (void)state;
    static const struct {
        const char *scope;
        int http_status;
        cs_status status;
        bool gone;
    } rows[] = {
        { NULL, 204, CS_OK, true },           { "local", 204, CS_OK, true },
        { "others", 204, CS_OK, false },      { "global", 401, CS_OK, true },
        { "global", 403, CS_OK, true },       { "global", 404, CS_OK, true },
        { "global", 500, CS_ERR_API, false }, { "global", 503, CS_ERR_UNAVAILABLE, false },
        { "local", 500, CS_ERR_API, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_session *session = NULL;
        stub_sign_in(&stub, client);
        stub_only(&stub, rows[i].http_status,
                  rows[i].http_status == 204 ? "" : "{\"code\":\"x\",\"message\":\"m\"}");
        const cs_sign_out_params params = { .scope = rows[i].scope };
        assert_int_equal(cs_auth_sign_out(client, i == 0 ? NULL : &params), rows[i].status);
        assert_non_null(
            strstr(stub.url, rows[i].scope == NULL ? "/logout?scope=global" : rows[i].scope));
        cs_status left = cs_auth_get_session(client, &session);
        assert_int_equal(left, rows[i].gone ? CS_ERR_SESSION_MISSING : CS_OK);
        cs_session_free(&session);
        (void)cs_auth_sign_out(client, &(cs_sign_out_params){ .scope = "local" });
    }
    assert_int_equal(cs_auth_sign_out(client, NULL), CS_ERR_SESSION_MISSING);
}

static void test_sign_out_of_a_dead_session(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    advance(4000);
    stub_only(&stub, 400, "{\"code\":\"refresh_token_not_found\",\"message\":\"m\"}");
    assert_int_equal(cs_auth_sign_out(client, NULL), CS_OK);
    assert_int_equal(cs_auth_sign_out(client, NULL), CS_ERR_SESSION_MISSING);
}

/* What a subscriber does from inside: calls the client, and leaves. */
struct inside {
    cs_subscription subscription;
    int calls;
};

static void call_from_inside(cs_auth_event event, const cs_session *session, void *userdata)
{
    struct inside *inside = userdata;
    cs_mfa_assurance_level *level = NULL;
    cs_session *copy = NULL;
    inside->calls++;
    if (event == CS_EVENT_INITIAL_SESSION) {
        return;
    }
    assert_non_null(session);
    assert_int_equal(cs_auth_get_session(client, &copy), CS_OK);
    assert_string_equal(copy->refresh_token, session->refresh_token);
    cs_session_free(&copy);
    assert_int_equal(cs_auth_mfa_get_authenticator_assurance_level(client, &level), CS_OK);
    cs_mfa_assurance_level_free(&level);
    assert_int_equal(cs_auth_mfa_get_authenticator_assurance_level(client, NULL),
                     CS_ERR_INVALID_ARGUMENT);
    if (event == CS_EVENT_TOKEN_REFRESHED) {
        cs_auth_response *again = NULL;
        cs_auth_unsubscribe(client, inside->subscription);
        assert_int_equal(cs_auth_refresh_session(client, NULL, &again), CS_OK);
        cs_auth_response_free(&again);
    }
}

static void test_calls_from_inside_a_callback(void **state)
{
    (void)state;
    struct inside inside = { 0 };
    cs_subscription second;
    cs_auth_response *out = NULL;
    assert_int_equal(
        cs_auth_on_auth_state_change(client, call_from_inside, &inside, &inside.subscription),
        CS_OK);
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &second), CS_OK);
    stub_sign_in(&stub, client);
    assert_int_equal(cs_client_last_error(client)->status, CS_OK); /* of the outer call */
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
    cs_auth_response_free(&out);
    assert_int_equal(inside.calls, 3);
    assert_int_equal(stub.asked, 2);
    assert_int_equal(events_count, 4); /* initial, in, and two refreshes */
}

static void test_events(void **state)
{
    (void)state;
    cs_subscription subscription;
    cs_auth_response *out = NULL;
    cs_mfa_verify_response *verified = NULL;
    cs_user_response *user = NULL;
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &subscription), CS_OK);
    stub_sign_in(&stub, client);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal2", 3600, "r2"));
    const cs_mfa_verify_params verify = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    assert_int_equal(cs_auth_mfa_verify(client, &verify, &verified), CS_OK);
    cs_mfa_verify_response_free(&verified);
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(cs_auth_update_user(client, &(cs_update_user_params){ .data = "{}" }, &user),
                     CS_OK);
    cs_user_response_free(&user);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r3"));
    const cs_verify_otp_params otp = { .type = "recovery", .token_hash = "h" };
    assert_int_equal(cs_auth_verify_otp(client, &otp, &out), CS_OK);
    cs_auth_response_free(&out);
    cs_auth_unsubscribe(client, subscription);
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
    cs_auth_response_free(&out);
    static const cs_auth_event expected[] = { CS_EVENT_INITIAL_SESSION, CS_EVENT_SIGNED_IN,
                                              CS_EVENT_MFA_CHALLENGE_VERIFIED,
                                              CS_EVENT_USER_UPDATED, CS_EVENT_PASSWORD_RECOVERY };
    assert_int_equal(events_count, 5);
    assert_memory_equal(events, expected, sizeof expected);
}

static void test_auto_refresh_thread(void **state)
{
    (void)state;
    cs_subscription subscription;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &subscription), CS_OK);
    advance(3481); /* 119 seconds are left: three whole ticks; calls by themselves wait longer */
    assert_string_equal(token_in_force(client), "refresh-1");
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_start_auto_refresh(client), CS_OK);
    assert_int_equal(cs_auth_start_auto_refresh(client), CS_OK);
    for (int i = 0; i < 2000; i++) { /* it looks at once */
        pthread_mutex_lock(&stub.lock);
        int asked = stub.asked;
        pthread_mutex_unlock(&stub.lock);
        if (asked > 0) {
            break;
        }
        usleep(1000);
    }
    cs_auth_stop_auto_refresh(client);
    cs_auth_stop_auto_refresh(client);
    assert_int_equal(stub.asked, 1);
    assert_string_equal(token_in_force(client), "r2");
    assert_int_equal(events[events_count - 1], CS_EVENT_TOKEN_REFRESHED);
    assert_int_equal(cs_auth_start_auto_refresh(client), CS_OK); /* freed while it runs */
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(test_renewed_at_the_official_margin),
        SESSION_TEST(test_short_sessions_are_not_renewed_each_time),
        SESSION_TEST(test_clock_off_by_a_day),
        SESSION_TEST(test_renewal_that_cannot_be_had),
        SESSION_TEST(test_renewal_refused_signs_out),
        SESSION_TEST(test_session_ended_elsewhere),
        SESSION_TEST(test_odd_lifetimes),
        SESSION_TEST(test_no_auto_refresh),
        SESSION_TEST(test_set_session),
        SESSION_TEST(test_refresh_session),
        SESSION_TEST(test_sign_out),
        SESSION_TEST(test_sign_out_of_a_dead_session),
        SESSION_TEST(test_calls_from_inside_a_callback),
        SESSION_TEST(test_events),
        SESSION_TEST(test_auto_refresh_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

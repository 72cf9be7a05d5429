/* What else happens to the session while a request is under way: the stub calls back in the middle
 * of it. Who signed out, or in as somebody else, stays so. */
#include "stub.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct stub stub;
static cs_client *client;
static char path[64];
static cs_auth_event last_event;
static bool last_had_session;

static void note_event(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)userdata;
    last_event = event;
    last_had_session = session != NULL;
}

static int set_up(void **state)
{
    (void)state;
    cs_subscription subscription;
    cs_client_options options = { .session_file = path };
    snprintf(path, sizeof path, "/tmp/cs-races-%ld", (long)getpid());
    stub_init(&stub);
    client = stub_client(&stub, &options);
    if (client == NULL ||
        cs_auth_on_auth_state_change(client, note_event, NULL, &subscription) != CS_OK) {
        return -1;
    }
    stub_sign_in(&stub, client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    (void)unlink(path);
    return 0;
}

static void assert_signed_out(void)
{
    cs_session *session = NULL;
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_SESSION_MISSING);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(last_event, CS_EVENT_SIGNED_OUT);
    assert_false(last_had_session);
}

static void assert_refresh_token(const char *expected)
{
    cs_session *session = NULL;
    assert_int_equal(cs_auth_get_session(client, &session), CS_OK);
    assert_string_equal(session->refresh_token, expected);
    cs_session_free(&session);
}

static void sign_out_here(void)
{
    assert_int_equal(cs_auth_sign_out(client, &(cs_sign_out_params){ .scope = "local" }), CS_OK);
}

static void sign_in_again(void)
{
    cs_auth_response *out = NULL;
    const cs_sign_in_with_password_params params = { .email = "b", .password = "b" };
    assert_int_equal(cs_auth_sign_in_with_password(client, &params, &out), CS_OK);
    cs_auth_response_free(&out);
}

/* The first request is answered with `body`, and the other thing happens before. */
static void script(const char *body, void (*meanwhile)(void))
{
    stub_reset(&stub);
    stub_add(&stub,
             (struct stub_answer){ .http_status = 200, .body = body, .meanwhile = meanwhile });
}

static void test_signed_out_during_refresh(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    script(stub_session(&stub, 1, "aal1", 3600, "r2"), sign_out_here);
    stub_answer(&stub, 204, "");
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_SESSION_MISSING);
    assert_null(out);
    assert_signed_out();
}

static void test_signed_out_during_verification(void **state)
{
    (void)state;
    cs_mfa_verify_response *out = NULL;
    const cs_mfa_verify_params params = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    script(stub_session(&stub, 1, "aal2", 3600, "r2"), sign_out_here);
    stub_answer(&stub, 204, "");
    assert_int_equal(cs_auth_mfa_verify(client, &params, &out), CS_ERR_SESSION_MISSING);
    assert_null(out);
    assert_non_null(strstr(cs_client_last_error(client)->message, "signed out while"));
    assert_signed_out();
}

static void test_signed_out_during_update(void **state)
{
    (void)state;
    cs_user_response *out = NULL;
    script(USER_JSON, sign_out_here);
    stub_answer(&stub, 204, "");
    assert_int_equal(cs_auth_update_user(client, &(cs_update_user_params){ .data = "{}" }, &out),
                     CS_OK);
    cs_user_response_free(&out);
    assert_signed_out();
}

/* The one who signs in while another signs out stays; so does what came before a late refusal. */
static void test_signed_in_during_sign_out(void **state)
{
    (void)state;
    cs_user_response *user = NULL;
    stub_session(&stub, 1, "aal1", 3600, "others");
    script("", sign_in_again);
    stub_answer(&stub, 200, stub.session[1]);
    assert_int_equal(cs_auth_sign_out(client, NULL), CS_OK);
    assert_refresh_token("others");
    assert_int_equal(last_event, CS_EVENT_SIGNED_IN);
    assert_int_equal(access(path, F_OK), 0);
    stub_reset(&stub);
    stub_add(&stub, (struct stub_answer){ .http_status = 403,
                                          .body = "{\"code\":\"session_not_found\",\"msg\":\"m\"}",
                                          .meanwhile = sign_in_again });
    stub_answer(&stub, 200, stub_session(&stub, 2, "aal1", 3600, "third"));
    assert_int_equal(cs_auth_get_user(client, NULL, &user), CS_ERR_SESSION_MISSING);
    assert_refresh_token("third");
}

static pthread_t helper;
static cs_status helper_status;

static void *update(void *argument)
{
    cs_user_response *out = NULL;
    (void)argument;
    helper_status =
        cs_auth_update_user(client, &(cs_update_user_params){ .data = "{\"k\":1}" }, &out);
    cs_user_response_free(&out);
    return NULL;
}

static void *refresh(void *argument)
{
    cs_auth_response *out = NULL;
    (void)argument;
    helper_status = cs_auth_refresh_session(client, NULL, &out);
    cs_auth_response_free(&out);
    return NULL;
}

/* Gives the helper time to come as far as it can. */
static void begin(void *(*work)(void *))
{
    assert_int_equal(pthread_create(&helper, NULL, work, NULL), 0);
    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

static void begin_update(void)
{
    begin(update);
}

/* The new tokens of the one and the new user of the other are both kept. */
static void test_user_changed_during_refresh(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    cs_session *session = NULL;
    static const char changed[] = "{\"id\":\"" USER_ID "\",\"email\":\"changed@example.com\"}";
    script(stub_session(&stub, 1, "aal1", 3600, "r2"), begin_update);
    stub_answer(&stub, 200, changed);
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
    assert_string_equal(out->session->refresh_token, "r2");
    cs_auth_response_free(&out);
    pthread_join(helper, NULL);
    assert_int_equal(helper_status, CS_OK);
    assert_int_equal(cs_auth_get_session(client, &session), CS_OK);
    assert_string_equal(session->refresh_token, "r2");
    assert_string_equal(session->user->email, "changed@example.com");
    cs_session_free(&session);
}

static void cancel_then_begin_refresh(void)
{
    cs_client_cancel(client);
    begin(refresh);
}

/* Who asks for a refresh after a cancel does not get the cancelled one's end. */
static void test_refresh_after_cancel(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    stub_add(&stub, (struct stub_answer){ .fail = CS_ERR_CANCELLED,
                                          .meanwhile = cancel_then_begin_refresh });
    stub_answer(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_CANCELLED);
    pthread_join(helper, NULL);
    assert_int_equal(helper_status, CS_OK);
    assert_refresh_token("r2");
}

static void remove_file(void)
{
    assert_int_equal(unlink(path), 0);
}

/* Another process that shares the file signs out, before and during a refresh. */
static void test_signed_out_elsewhere(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    script(stub_session(&stub, 1, "aal1", 3600, "r2"), remove_file);
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_SESSION_MISSING);
    assert_signed_out();
    stub_sign_in(&stub, client);
    remove_file();
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_ERR_SESSION_MISSING);
    assert_int_equal(stub.asked, 0);
    assert_signed_out();
}

static void renewed_by_another(void)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(stub.session[2], file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A refresh token that is refused because another process used it first does not end the session
 * that this other process stored. */
static void test_renewed_elsewhere(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    for (int old = 0; old <= 1; old++) { /* what it stored is fresh, or as old already */
        stub_sign_in(&stub, client);
        stub_session(&stub, 2, "aal1", 3600, "theirs");
        stub_add(&stub, (struct stub_answer){
                            .http_status = 400,
                            .body = "{\"code\":\"refresh_token_already_used\",\"msg\":\"m\"}",
                            .meanwhile = renewed_by_another });
        stub_answer(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "ours"));
        stub.now += old ? 3550 : 0;
        assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
        assert_string_equal(out->session->refresh_token, old ? "ours" : "theirs");
        cs_auth_response_free(&out);
        assert_int_equal(stub.asked, 1 + old);
        assert_int_equal(last_event, CS_EVENT_TOKEN_REFRESHED);
        assert_int_equal(access(path, F_OK), 0);
    }
    assert_non_null(strstr(stub.body, "theirs"));
}

static void leave_at_once(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)session;
    (void)userdata;
    if (event == CS_EVENT_SIGNED_IN) {
        stub_only(&stub, 204, "");
        sign_out_here();
    }
}

/* Who heard that nobody is signed in does not hear of the signing in before that afterwards. */
static void test_overtaken_event(void **state)
{
    (void)state;
    cs_subscription first, second;
    cs_auth_response *out = NULL;
    stub_only(&stub, 204, "");
    sign_out_here();
    cs_client_free(&client);
    client = stub_client(&stub, NULL);
    assert_int_equal(cs_auth_on_auth_state_change(client, leave_at_once, NULL, &first), CS_OK);
    assert_int_equal(cs_auth_on_auth_state_change(client, note_event, NULL, &second), CS_OK);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    const cs_sign_in_with_password_params params = { .email = "b", .password = "b" };
    assert_int_equal(cs_auth_sign_in_with_password(client, &params, &out), CS_OK);
    cs_auth_response_free(&out);
    assert_signed_out();
}

#define RACE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RACE_TEST(test_signed_out_during_refresh),
        RACE_TEST(test_signed_out_during_verification),
        RACE_TEST(test_signed_out_during_update),
        RACE_TEST(test_signed_in_during_sign_out),
        RACE_TEST(test_user_changed_during_refresh),
        RACE_TEST(test_refresh_after_cancel),
        RACE_TEST(test_signed_out_elsewhere),
        RACE_TEST(test_renewed_elsewhere),
        RACE_TEST(test_overtaken_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

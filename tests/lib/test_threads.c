/* Many threads on one client: one refresh for all, cancelling, unsubscribing. Made for TSan. */
#include "stub.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { THREADS = 8 };

static struct stub stub;
static cs_client *client;
static atomic_int failures;

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    atomic_store(&failures, 0);
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

static void run_threads(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void expect(bool holds)
{
    if (!holds) {
        atomic_fetch_add(&failures, 1);
    }
}

static void *get_session(void *argument)
{
    cs_session *session = NULL;
    (void)argument;
    cs_status status = cs_auth_get_session(client, &session);
    expect(status == CS_OK && strcmp(session->refresh_token, "r2") == 0);
    cs_session_free(&session);
    return NULL;
}

static void test_one_refresh_for_all(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    stub.now += 3590;
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = stub_session(&stub, 1, "aal1", 3600, "r2"),
                                          .delay_ms = 100 });
    run_threads(get_session);
    assert_int_equal(atomic_load(&failures), 0);
    assert_int_equal(stub.asked, 1);
}

static void *refused(void *argument)
{
    cs_session *session = NULL;
    (void)argument;
    cs_status status = cs_auth_get_session(client, &session);
    const cs_error *error = cs_client_last_error(client);
    bool told = status == CS_ERR_API && strcmp(error->code, "refresh_token_not_found") == 0;
    expect(told || status == CS_ERR_SESSION_MISSING); /* the latter if it came after the flight */
    return NULL;
}

static void test_one_failure_for_all(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    stub.now += 3600;
    stub_add(&stub, (struct stub_answer){
                        .http_status = 400,
                        .body = "{\"code\":\"refresh_token_not_found\",\"message\":\"m\"}",
                        .delay_ms = 100 });
    run_threads(refused);
    assert_int_equal(atomic_load(&failures), 0);
    assert_int_equal(stub.asked, 1);
}

static void *mixed(void *argument)
{
    intptr_t kind = (intptr_t)argument;
    for (int i = 0; i < 50; i++) {
        cs_auth_response *response = NULL;
        cs_mfa_assurance_level *level = NULL;
        cs_user_response *user = NULL;
        cs_status status = CS_OK;
        switch (kind % 4) {
        case 0:
            status = cs_auth_refresh_session(client, NULL, &response);
            break;
        case 1:
            status = cs_auth_mfa_get_authenticator_assurance_level(client, &level);
            break;
        case 2:
            status = cs_auth_update_user(client, &(cs_update_user_params){ .data = "{}" }, &user);
            break;
        default:
            status = cs_auth_get_session(client, NULL);
            expect(cs_client_last_error(client)->status == status);
            status = CS_OK;
        }
        expect(status == CS_OK);
        cs_auth_response_free(&response);
        cs_mfa_assurance_level_free(&level);
        cs_user_response_free(&user);
    }
    return NULL;
}

static void test_mixed_calls(void **state)
{
    (void)state;
    stub_sign_in(&stub, client);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    /* An answer that serves as a session and as a user. */
    static char both[13000];
    snprintf(both, sizeof both, "{\"id\":\"" USER_ID "\",%s", stub.session[1] + 1);
    stub_only(&stub, 200, both);
    run_threads(mixed);
    assert_int_equal(atomic_load(&failures), 0);
}

static void *verify_slowly(void *argument)
{
    cs_mfa_verify_response *verified = NULL;
    (void)argument;
    const cs_mfa_verify_params params = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    expect(cs_auth_mfa_verify(client, &params, &verified) == CS_OK);
    cs_mfa_verify_response_free(&verified);
    return NULL;
}

/* A refresh during a verification waits for it: the refresh token from before would end the
 * session. */
static void test_refresh_waits_for_verification(void **state)
{
    (void)state;
    pthread_t thread;
    cs_auth_response *response = NULL;
    stub_sign_in(&stub, client);
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = stub_session(&stub, 1, "aal2", 3600, "r2"),
                                          .delay_ms = 100 });
    stub_answer(&stub, 200, stub_session(&stub, 2, "aal2", 3600, "r3"));
    assert_int_equal(pthread_create(&thread, NULL, verify_slowly, NULL), 0);
    for (int asked = 0; asked == 0;) {
        pthread_mutex_lock(&stub.lock);
        asked = stub.asked;
        pthread_mutex_unlock(&stub.lock);
    }
    assert_int_equal(cs_auth_refresh_session(client, NULL, &response), CS_OK);
    pthread_join(thread, NULL);
    assert_string_equal(stub.body, "{\"refresh_token\":\"r2\"}");
    assert_string_equal(response->session->refresh_token, "r3");
    cs_auth_response_free(&response);
    assert_int_equal(atomic_load(&failures), 0);
}

static void *hang(void *argument)
{
    cs_user_response *user = NULL;
    (void)argument;
    cs_status status = cs_auth_get_user(client, "token", &user);
    expect(status == CS_ERR_CANCELLED && user == NULL);
    return NULL;
}

static void *cancel_soon(void *argument)
{
    (void)argument;
    for (;;) {
        pthread_mutex_lock(&stub.lock);
        int asked = stub.asked;
        pthread_mutex_unlock(&stub.lock);
        if (asked >= THREADS) {
            break;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    cs_client_cancel(client);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    pthread_t canceller;
    cs_user_response *user = NULL;
    stub_reset(&stub);
    stub_add(&stub, (struct stub_answer){ .http_status = 200, .delay_ms = 20000 });
    assert_int_equal(pthread_create(&canceller, NULL, cancel_soon, NULL), 0);
    time_t begun = time(NULL);
    run_threads(hang);
    pthread_join(canceller, NULL);
    assert_true(time(NULL) - begun < 10);
    assert_int_equal(atomic_load(&failures), 0);
    stub_only(&stub, 200, USER_JSON); /* later calls are not affected */
    assert_int_equal(cs_auth_get_user(client, "token", &user), CS_OK);
    cs_user_response_free(&user);
}

static void test_cancel_cuts_a_pause_short(void **state)
{
    (void)state;
    pthread_t canceller;
    stub_reset(&stub);
    for (int i = 0; i < THREADS; i++) {
        stub_add(&stub, (struct stub_answer){ .http_status = 503, .headers = "Retry-After: 20" });
    }
    assert_int_equal(pthread_create(&canceller, NULL, cancel_soon, NULL), 0);
    time_t begun = time(NULL);
    run_threads(hang);
    pthread_join(canceller, NULL);
    assert_true(time(NULL) - begun < 10);
    assert_int_equal(atomic_load(&failures), 0);
}

static atomic_int inside;

static void slow_callback(cs_auth_event event, const cs_session *session, void *userdata)
{
    atomic_int *alive = userdata;
    (void)event;
    (void)session;
    atomic_store(&inside, 1);
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    expect(atomic_load(alive) == 1);
    atomic_store(&inside, 0);
}

static void *refresh_once(void *argument)
{
    cs_auth_response *response = NULL;
    (void)argument;
    expect(cs_auth_refresh_session(client, NULL, &response) == CS_OK);
    cs_auth_response_free(&response);
    return NULL;
}

static void test_unsubscribe_waits(void **state)
{
    (void)state;
    atomic_int alive = 1;
    cs_subscription subscription;
    pthread_t thread;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, slow_callback, &alive, &subscription),
                     CS_OK);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(pthread_create(&thread, NULL, refresh_once, NULL), 0);
    while (atomic_load(&inside) == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    cs_auth_unsubscribe(client, subscription);
    atomic_store(&alive, 0); /* from here on the callback's data may be gone */
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

static void *unsubscribe(void *subscription)
{
    cs_auth_unsubscribe(client, *(cs_subscription *)subscription);
    return NULL;
}

/* Also where another thread unsubscribes the same at the same time. */
static void test_unsubscribe_twice_waits_twice(void **state)
{
    (void)state;
    atomic_int alive = 1;
    cs_subscription subscription;
    pthread_t thread, other;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, slow_callback, &alive, &subscription),
                     CS_OK);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(pthread_create(&thread, NULL, refresh_once, NULL), 0);
    while (atomic_load(&inside) == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    assert_int_equal(pthread_create(&other, NULL, unsubscribe, &subscription), 0);
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    cs_auth_unsubscribe(client, subscription);
    atomic_store(&alive, 0);
    pthread_join(other, NULL);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

static cs_subscription early;

static void *subscribe_slowly(void *alive)
{
    expect(cs_auth_on_auth_state_change(client, slow_callback, alive, &early) == CS_OK);
    return NULL;
}

/* The first callback, from inside the subscribing, counts as well. */
static void test_unsubscribe_waits_for_the_first(void **state)
{
    (void)state;
    atomic_int alive = 1;
    pthread_t thread;
    atomic_store(&inside, 0);
    assert_int_equal(pthread_create(&thread, NULL, subscribe_slowly, &alive), 0);
    while (atomic_load(&inside) == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    cs_auth_unsubscribe(client, early); /* known before the callback */
    atomic_store(&alive, 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

static void stop_from_inside(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)session;
    (void)userdata;
    if (event == CS_EVENT_TOKEN_REFRESHED) {
        cs_auth_stop_auto_refresh(client);
        expect(cs_auth_start_auto_refresh(client) == CS_OK);
        cs_auth_stop_auto_refresh(client);
        atomic_store(&inside, 2);
    }
}

static void *start_and_stop(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; i++) {
        expect(cs_auth_start_auto_refresh(client) == CS_OK);
        cs_auth_stop_auto_refresh(client);
    }
    return NULL;
}

static void test_ticker(void **state)
{
    (void)state;
    cs_subscription subscription;
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_on_auth_state_change(client, stop_from_inside, NULL, &subscription),
                     CS_OK);
    stub.now += 3550;
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_int_equal(cs_auth_start_auto_refresh(client), CS_OK);
    while (atomic_load(&inside) != 2) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    run_threads(start_and_stop);
    assert_int_equal(atomic_load(&failures), 0);
}

#define THREAD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREAD_TEST(test_one_refresh_for_all),
        THREAD_TEST(test_one_failure_for_all),
        THREAD_TEST(test_mixed_calls),
        THREAD_TEST(test_refresh_waits_for_verification),
        THREAD_TEST(test_cancel),
        THREAD_TEST(test_cancel_cuts_a_pause_short),
        THREAD_TEST(test_unsubscribe_waits),
        THREAD_TEST(test_unsubscribe_twice_waits_twice),
        THREAD_TEST(test_unsubscribe_waits_for_the_first),
        THREAD_TEST(test_ticker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

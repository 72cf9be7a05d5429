/* A session file that several processes use, here several clients: what one of them did there is
 * not undone by what another had begun before. */
#include "stub.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stub stub;
static cs_client *client;
static char folder[64], path[80], theirs[4096];
static cs_auth_event last_event;
static int held = -1;

static void note_event(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)session;
    (void)userdata;
    last_event = event;
}

static int set_up(void **state)
{
    (void)state;
    cs_subscription subscription;
    stub_init(&stub);
    snprintf(folder, sizeof folder, "/tmp/cs-shared-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/session", folder);
    client = stub_client(&stub, &(cs_client_options){ .session_file = path });
    stub_sign_in(&stub, client);
    return cs_auth_on_auth_state_change(client, note_event, NULL, &subscription) != CS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    unlink(path);
    return rmdir(folder); /* nothing else lies there */
}

/* A session as another signing in makes it. */
static const char *other_login(const char *refresh_token)
{
    char claims[256], jwt[1024];
    long long exp = (long long)stub.now + 3600;
    snprintf(claims, sizeof claims,
             "{\"sub\":\"" USER_ID "\",\"exp\":%lld,\"aal\":\"aal1\",\"session_id\":\"other\"}",
             exp);
    stub_jwt(jwt, sizeof jwt, "{\"alg\":\"HS256\"}", claims);
    snprintf(theirs, sizeof theirs,
             "{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":3600,"
             "\"expires_at\":%lld,\"refresh_token\":\"%s\",\"user\":" USER_JSON "}",
             jwt, exp, refresh_token);
    return theirs;
}

/* As another process does it: beside, then renamed over. */
static void put_theirs(void)
{
    char beside[96];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    assert_true(fputs(theirs, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(beside, 0600), 0);
    assert_int_equal(rename(beside, path), 0);
}

static bool file_has(const char *text)
{
    char stored[8192] = "";
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        stored[fread(stored, 1, sizeof stored - 1, file)] = '\0';
        fclose(file);
    }
    return strstr(stored, text) != NULL;
}

static pthread_t other;
static void (*act)(void); /* of the other, while it holds the lock */

static void *act_then_unlock(void *unused)
{
    (void)unused;
    nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL); /* the client comes to the lock */
    act();
    close(held);
    return NULL;
}

static void take_lock(void)
{
    held = open(path, O_RDWR | O_CLOEXEC);
    assert_true(held >= 0);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_int_equal(pthread_create(&other, NULL, act_then_unlock, NULL), 0);
}

static void remove_file(void)
{
    assert_int_equal(unlink(path), 0);
}

static cs_status refresh_while_locked(void (*what)(void))
{
    cs_auth_response *out = NULL;
    act = what;
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = stub_session(&stub, 1, "aal1", 3600, "r2"),
                                          .meanwhile = take_lock });
    cs_status status = cs_auth_refresh_session(client, NULL, &out);
    cs_auth_response_free(&out);
    pthread_join(other, NULL);
    return status;
}

/* The lock is held by who signs out, after the file was read for the last time. */
static void test_signed_out_while_storing(void **state)
{
    (void)state;
    cs_session *session = NULL;
    assert_int_equal(refresh_while_locked(remove_file), CS_ERR_SESSION_MISSING);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(last_event, CS_EVENT_SIGNED_OUT);
    assert_int_equal(cs_auth_get_session(client, &session), CS_ERR_SESSION_MISSING);
}

/* The file was replaced while its lock was waited for: the new one's lock is what counts. */
static void test_replaced_while_locked(void **state)
{
    (void)state;
    other_login("t1");
    assert_int_equal(refresh_while_locked(put_theirs), CS_OK);
    assert_true(file_has("\"t1\""));
    assert_int_equal(last_event, CS_EVENT_SIGNED_IN);
}

/* Who signed in during a refresh of the login before stays so, and the client takes that session.
 */
static void test_signed_in_during_refresh(void **state)
{
    (void)state;
    cs_auth_response *out = NULL;
    other_login("t1");
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = stub_session(&stub, 1, "aal1", 3600, "r2"),
                                          .meanwhile = put_theirs });
    assert_int_equal(cs_auth_refresh_session(client, NULL, &out), CS_OK);
    assert_string_equal(out->session->refresh_token, "t1");
    cs_auth_response_free(&out);
    assert_true(file_has("\"t1\""));
    assert_int_equal(last_event, CS_EVENT_SIGNED_IN);
}

/* One file, two logins: who signs out of the first leaves the second alone. */
static void test_sign_out_of_the_first(void **state)
{
    (void)state;
    other_login("t1");
    put_theirs();
    stub_only(&stub, 204, "");
    assert_int_equal(cs_auth_sign_out(client, NULL), CS_OK);
    assert_int_equal(last_event, CS_EVENT_SIGNED_OUT);
    assert_true(file_has("\"t1\""));
}

/* A code was verified while another signed in: the answer belongs to a login that is over. */
static void test_signed_in_during_verification(void **state)
{
    (void)state;
    cs_mfa_verify_response *out = NULL;
    const cs_mfa_verify_params verify = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    other_login("t1");
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = stub_session(&stub, 1, "aal2", 3600, "r2"),
                                          .meanwhile = put_theirs });
    assert_int_equal(cs_auth_mfa_verify(client, &verify, &out), CS_ERR_SESSION_MISSING);
    assert_true(file_has("\"t1\""));
}

/* A changed user does not bring back tokens that another process has renewed. */
static void test_renewed_during_update(void **state)
{
    (void)state;
    cs_user_response *out = NULL;
    cs_session *session = NULL;
    snprintf(theirs, sizeof theirs, "%s", stub_session(&stub, 2, "aal1", 3600, "r2"));
    stub_add(&stub, (struct stub_answer){ .http_status = 200,
                                          .body = "{\"id\":\"" USER_ID "\","
                                                  "\"email\":\"new@example.com\"}",
                                          .meanwhile = put_theirs });
    assert_int_equal(cs_auth_update_user(client, &(cs_update_user_params){ .data = "{}" }, &out),
                     CS_OK);
    cs_user_response_free(&out);
    assert_int_equal(cs_auth_get_session(client, &session), CS_OK);
    assert_string_equal(session->refresh_token, "r2");
    assert_string_equal(session->user->email, "new@example.com");
    cs_session_free(&session);
    assert_true(file_has("\"r2\"") && file_has("new@example.com"));
}

#define SHARED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARED_TEST(test_signed_out_while_storing),      SHARED_TEST(test_replaced_while_locked),
        SHARED_TEST(test_signed_in_during_refresh),      SHARED_TEST(test_sign_out_of_the_first),
        SHARED_TEST(test_signed_in_during_verification), SHARED_TEST(test_renewed_during_update),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

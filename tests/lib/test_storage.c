/* Where a session is kept: in a file, or in what the host program brings; and when that fails. */
#include "stub.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stub stub;
static cs_client *client;
static char folder[64], path[80];

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    snprintf(folder, sizeof folder, "/tmp/cs-session-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/session", folder);
    client = stub_client(&stub, NULL);
    return client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    (void)chmod(folder, 0700);
    unlink(path);
    return rmdir(folder);
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

static void test_file(void **state)
{
    (void)state;
    struct stat about;
    cs_client_options options = { .session_file = path };
    cs_client *first = stub_client(&stub, &options);
    stub_sign_in(&stub, first);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    cs_client_free(&first);
    cs_client *second = stub_client(&stub, &options);
    assert_string_equal(token_in_force(second), "refresh-1");
    assert_int_equal(stub.asked, 0);
    cs_client *third = stub_client(&stub, &options);
    assert_string_equal(token_in_force(third), "refresh-1");
    advance(3590);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    assert_string_equal(token_in_force(second), "r2");
    assert_string_equal(token_in_force(third), "r2"); /* found in the file, not asked for */
    assert_int_equal(stub.asked, 1);
    stub_only(&stub, 204, "");
    assert_int_equal(cs_auth_sign_out(second, NULL), CS_OK);
    assert_int_equal(access(path, F_OK), -1);
    cs_client_free(&second);
    cs_client_free(&third);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
    } rows[] = { { "", 0600 },   { "{", 0600 },
                 { "{}", 0600 }, { "[]", 0600 },
                 { "{}", 0644 }, { "{\"access_token\":\"a\",\"refresh_token\":5}", 0600 } };
    cs_session *session = NULL;
    cs_client_options options = { .session_file = path };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(rows[i].text, rows[i].mode);
        cs_client *other = stub_client(&stub, &options);
        assert_int_equal(cs_auth_get_session(other, &session), CS_ERR_STORAGE);
        assert_true(strlen(cs_client_last_error(other)->message) > 20);
        stub_sign_in(&stub, other); /* replaces what is there */
        assert_string_equal(token_in_force(other), "refresh-1");
        cs_client_free(&other);
    }
    write_file(stub_session(&stub, 1, "aal1", 3600, "r2"), 0640); /* others can read it */
    cs_client *careful = stub_client(&stub, &options);
    assert_int_equal(cs_auth_get_session(careful, &session), CS_ERR_STORAGE);
    assert_int_equal(chmod(path, 0600), 0);
    assert_string_equal(token_in_force(careful), "r2");
    cs_client_free(&careful);
    options.session_file = "/nonexistent/folder/session";
    cs_client *other = stub_client(&stub, &options);
    cs_auth_response *out = NULL;
    stub_only(&stub, 200, stub_session(&stub, 0, "aal1", 3600, "r"));
    const cs_sign_in_with_password_params params = { .email = "a", .password = "b" };
    assert_int_equal(cs_auth_sign_in_with_password(other, &params, &out), CS_ERR_STORAGE);
    assert_null(out);
    assert_string_equal(token_in_force(other), "r"); /* signed in, only not stored */
    cs_client_free(&other);
}

/* A host program's storage that can fail. */
struct shelf {
    char *value;
    bool fail;
    int released;
};

static int shelf_load(void *userdata, const char *key, char **value)
{
    struct shelf *shelf = userdata;
    assert_string_equal(key, "my key");
    *value = shelf->value == NULL ? NULL : strdup(shelf->value);
    return shelf->fail;
}

static int shelf_save(void *userdata, const char *key, const char *value)
{
    struct shelf *shelf = userdata;
    (void)key;
    if (!shelf->fail) {
        free(shelf->value);
        shelf->value = strdup(value);
    }
    return shelf->fail;
}

static int shelf_remove(void *userdata, const char *key)
{
    struct shelf *shelf = userdata;
    (void)key;
    if (!shelf->fail) {
        free(shelf->value);
        shelf->value = NULL;
    }
    return shelf->fail;
}

static void shelf_release(void *userdata, char *value)
{
    struct shelf *shelf = userdata;
    shelf->released++;
    assert_string_equal(value, ""); /* wiped */
    free(value);
}

static void test_callbacks(void **state)
{
    (void)state;
    struct shelf shelf = { .value = NULL };
    const cs_storage storage = { .load = shelf_load,
                                 .save = shelf_save,
                                 .remove = shelf_remove,
                                 .release = shelf_release,
                                 .userdata = &shelf };
    cs_client_options options = { .storage = &storage, .storage_key = "my key" };
    cs_client *first = stub_client(&stub, &options);
    cs_session *session = NULL;
    assert_int_equal(cs_auth_get_session(first, &session), CS_ERR_SESSION_MISSING);
    stub_sign_in(&stub, first);
    assert_non_null(strstr(shelf.value, "\"refresh_token\":\"refresh-1\""));
    cs_client_free(&first);
    cs_client *second = stub_client(&stub, &options);
    assert_string_equal(token_in_force(second), "refresh-1");
    assert_int_equal(shelf.released, 1);
    shelf.fail = true;
    stub_only(&stub, 204, "");
    assert_int_equal(cs_auth_sign_out(second, NULL), CS_ERR_STORAGE);
    assert_int_equal(cs_auth_get_session(second, &session), CS_ERR_SESSION_MISSING);
    cs_client_free(&second);
    free(shelf.value);
    shelf.value = NULL;
    cs_client *third = stub_client(&stub, &options);
    assert_int_equal(cs_auth_get_session(third, &session), CS_ERR_STORAGE);
    shelf.fail = false;
    assert_int_equal(cs_auth_get_session(third, &session), CS_ERR_SESSION_MISSING);
    cs_client_free(&third);
}

/* A disk without room, here a limit of the process: the old session stays in the file, whole, and
 * nothing is left beside it. */
static void test_full_disk(void **state)
{
    (void)state;
    cs_client_options options = { .session_file = path };
    cs_auth_response *out = NULL;
    struct rlimit before, little;
    cs_client *own = stub_client(&stub, &options);
    stub_sign_in(&stub, own);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    stub_only(&stub, 200, stub_session(&stub, 1, "aal1", 3600, "r2"));
    cs_status status = cs_auth_refresh_session(own, NULL, &out);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, CS_ERR_STORAGE);
    assert_string_equal(token_in_force(own), "r2"); /* in memory */
    cs_client *other = stub_client(&stub, &options);
    assert_string_equal(token_in_force(other), "refresh-1");
    cs_client_free(&other);
    cs_client_free(&own); /* that nothing else lies in the folder, tear_down() sees */
}

/* A link to the file is replaced, not what it leads to; a link to nowhere is no session. */
static void test_links(void **state)
{
    (void)state;
    char target[96];
    cs_session *session = NULL;
    struct stat about;
    cs_client_options options = { .session_file = path };
    snprintf(target, sizeof target, "%s.target", path);
    assert_int_equal(symlink(target, path), 0);
    cs_client *own = stub_client(&stub, &options);
    assert_int_equal(cs_auth_get_session(own, &session), CS_ERR_SESSION_MISSING);
    stub_sign_in(&stub, own);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode) && (about.st_mode & 0777) == 0600);
    cs_client_free(&own);
}

static int told;

static void note_event(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)session;
    (void)userdata;
    told |= 1 << event;
}

/* What happened is told although it could not be stored, and a session whose tokens stay behind in
 * the storage is ended on the server all the more. */
static void test_storage_that_fails(void **state)
{
    (void)state;
    cs_subscription subscription;
    cs_auth_response *out = NULL;
    cs_user_response *user = NULL;
    cs_mfa_verify_response *verified = NULL;
    struct shelf shelf = { .value = NULL };
    const cs_storage storage = {
        .load = shelf_load, .save = shelf_save, .remove = shelf_remove, .userdata = &shelf
    };
    cs_client_options options = { .storage = &storage, .storage_key = "my key" };
    cs_client *own = stub_client(&stub, &options);
    assert_int_equal(cs_auth_on_auth_state_change(own, note_event, NULL, &subscription), CS_OK);
    shelf.fail = true;
    told = 0;
    stub_only(&stub, 200, stub_session(&stub, 0, "aal1", 3600, "r"));
    const cs_sign_in_with_password_params sign_in = { .email = "a", .password = "b" };
    assert_int_equal(cs_auth_sign_in_with_password(own, &sign_in, &out), CS_ERR_STORAGE);
    assert_int_equal(told, 1 << CS_EVENT_SIGNED_IN);
    assert_int_equal(cs_auth_refresh_session(own, NULL, &out), CS_ERR_STORAGE);
    assert_int_equal(cs_auth_refresh_session(own, "r", &out), CS_ERR_STORAGE);
    const cs_mfa_verify_params verify = { .factor_id = "f", .challenge_id = "c", .code = "1" };
    assert_int_equal(cs_auth_mfa_verify(own, &verify, &verified), CS_ERR_STORAGE);
    stub_only(&stub, 200, USER_JSON);
    assert_int_equal(cs_auth_update_user(own, &(cs_update_user_params){ .data = "{}" }, &user),
                     CS_ERR_STORAGE);
    assert_int_equal(told, 1 << CS_EVENT_SIGNED_IN | 1 << CS_EVENT_TOKEN_REFRESHED |
                               1 << CS_EVENT_USER_UPDATED | 1 << CS_EVENT_MFA_CHALLENGE_VERIFIED);
    stub_only(&stub, 204, "");
    assert_int_equal(cs_auth_sign_out(own, &(cs_sign_out_params){ .scope = "local" }),
                     CS_ERR_STORAGE);
    assert_non_null(strstr(cs_client_last_error(own)->message, "signed out here"));
    assert_int_equal(stub.asked, 1);
    assert_true(told & 1 << CS_EVENT_SIGNED_OUT);
    cs_client_free(&own);
}

/* Stored by another client, or before this machine's clock was set back: when the session was
 * issued is not known, so that it is not taken for a fresh one. */
static void test_stored_elsewhere(void **state)
{
    (void)state;
    cs_client_options options = { .session_file = path };
    write_file(stub_session(&stub, 1, "aal1", 3600, "r1"), 0600);
    advance(3550); /* no matter that it lives for 3600 seconds */
    stub_only(&stub, 200, stub_session(&stub, 2, "aal1", 3600, "r2"));
    cs_client *other = stub_client(&stub, &options);
    assert_string_equal(token_in_force(other), "r2");
    cs_client_free(&other);
    advance(-3600 * 24 * 365);
    stub_only(&stub, 200, stub_session(&stub, 3, "aal1", 3600, "r3"));
    other = stub_client(&stub, &options);
    assert_string_equal(token_in_force(other), "r3");
    assert_string_equal(token_in_force(other), "r3");
    assert_int_equal(stub.asked, 1);
    cs_client_free(&other);
}

#define STORAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORAGE_TEST(test_file),
        STORAGE_TEST(test_bad_files),
        STORAGE_TEST(test_callbacks),
        STORAGE_TEST(test_full_disk),
        STORAGE_TEST(test_links),
        STORAGE_TEST(test_storage_that_fails),
        STORAGE_TEST(test_stored_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

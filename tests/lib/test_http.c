/* The library's own transport, libcurl, against a server that misbehaves: stub_server.py, started
 * here by python3. First argument: the path of that script. */
#include "countersign.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *script;
static pid_t server;
static int server_input;
static int port, tls_port;
static char certificate[256];

static int start_server(void **state)
{
    int in[2], out[2];
    char text[512] = "";
    (void)state;
    if (pipe(in) != 0 || pipe(out) != 0 || (server = fork()) < 0) {
        return -1;
    }
    if (server == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server_input = in[1];
    for (size_t i = 0; i + 1 < sizeof text && read(out[0], text + i, 1) == 1; i++) {
        if (text[i] == '\n') {
            break;
        }
    }
    close(out[0]);
    return sscanf(text, "%d %d %255s", &port, &tls_port, certificate) != 3;
}

static int stop_server(void **state)
{
    (void)state;
    close(server_input);
    return waitpid(server, NULL, 0) == server ? 0 : -1;
}

/* Of libcurl, whose header belongs to lib/transport_curl.c alone; 3 is CURL_GLOBAL_DEFAULT. */
int curl_global_init_mem(long flags, void *(*m)(size_t), void (*f)(void *),
                         void *(*r)(void *, size_t), char *(*s)(const char *),
                         void *(*c)(size_t, size_t));

/* libcurl's memory, which fails in this thread when the countdown reaches 0. */
static _Thread_local long countdown = -1;
static _Thread_local bool failed;

/* As a TLS library raises it, whose peer has closed. */
static _Thread_local bool pipe_breaks;
static _Thread_local int pipes_broken;

static bool fails_now(void)
{
    if (countdown > 0 && --countdown == 0) {
        failed = true;
        return true;
    }
    return false;
}

static void *curl_malloc(size_t size)
{
    if (pipe_breaks) {
        pthread_kill(pthread_self(), SIGPIPE);
        pipes_broken++;
    }
    return fails_now() ? NULL : malloc(size);
}

static void *curl_realloc(void *memory, size_t size)
{
    return fails_now() ? NULL : realloc(memory, size);
}

static char *curl_strdup(const char *text)
{
    return fails_now() ? NULL : strdup(text);
}

static void *curl_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : calloc(count, size);
}

static cs_client *client_to(const char *behaviour, cs_client_options *options)
{
    cs_client_options defaults = { .retry_base_ms = 1 };
    cs_client *client = NULL;
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, behaviour);
    if (options != NULL) {
        options->retry_base_ms = 1;
        options->proxy = options->proxy == NULL ? "" : options->proxy;
    }
    defaults.proxy = "";
    assert_int_equal(cs_client_new(url, "key", options == NULL ? &defaults : options, &client),
                     CS_OK);
    return client;
}

/* What GET /user comes to; prints the message, so that a reader sees what people would see. */
static cs_status ask(cs_client *client, char *email, size_t size)
{
    cs_user_response *response = NULL;
    cs_status status = cs_auth_get_user(client, "token", &response);
    const cs_error *error = cs_client_last_error(client);
    assert_int_equal(response != NULL, status == CS_OK);
    assert_true(status == CS_OK || strlen(error->message) > 10);
    if (status != CS_OK) {
        print_message("  %s: %s\n", cs_status_name(status), error->message);
    }
    if (email != NULL && response != NULL) {
        snprintf(email, size, "%s%s", response->user->email, response->user->id);
    }
    cs_user_response_free(&response);
    return status;
}

static void test_behaviours(void **state)
{
    (void)state;
    static const struct {
        const char *behaviour;
        cs_status status;
    } rows[] = {
        { "good", CS_OK },
        { "continue", CS_OK },
        { "html", CS_ERR_UNEXPECTED_RESPONSE },
        { "gateway", CS_ERR_UNAVAILABLE },
        { "redirect", CS_ERR_UNEXPECTED_RESPONSE },
        { "truncated", CS_ERR_NETWORK },
        { "cut", CS_ERR_UNEXPECTED_RESPONSE },
        { "nothing", CS_ERR_NETWORK },
        { "garbage", CS_ERR_UNEXPECTED_RESPONSE },
        { "huge", CS_ERR_RESPONSE_TOO_LARGE },
        { "many_headers", CS_ERR_UNEXPECTED_RESPONSE },
        { "limited", CS_ERR_RATE_LIMITED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_client *client = client_to(rows[i].behaviour, NULL);
        print_message("%s\n", rows[i].behaviour);
        assert_int_equal(ask(client, NULL, 0), rows[i].status);
        if (rows[i].status == CS_ERR_RATE_LIMITED) {
            assert_int_equal(cs_client_last_error(client)->retry_after_s, 7);
        }
        cs_client_free(&client);
    }
}

static void test_request_on_the_wire(void **state)
{
    (void)state;
    char head[2048];
    cs_client_options options = { .client_info = "test/1.0" };
    cs_client *client = client_to("echo", &options);
    assert_int_equal(ask(client, head, sizeof head), CS_OK);
    assert_non_null(strstr(head, "GET /echo/auth/v1/user HTTP/1.1|"));
    assert_non_null(strstr(head, "|apikey: key|"));
    assert_non_null(strstr(head, "|Authorization: Bearer token|"));
    assert_non_null(strstr(head, "|X-Supabase-Api-Version: 2024-01-01|"));
    assert_non_null(strstr(head, "|X-Client-Info: libcountersign/0.1.0 test/1.0|"));
    assert_null(strstr(head, "Expect"));
    cs_client_free(&client);
}

static void test_methods_on_the_wire(void **state)
{
    (void)state;
    cs_admin_mfa_delete_factor_response *deleted = NULL;
    cs_otp_response *sent = NULL;
    cs_client *client = client_to("good", NULL);
    const cs_admin_mfa_delete_factor_params params = { .id = "34e770dd-9ff9-416c-87fa-43b31d7ef225",
                                                       .user_id =
                                                           "a89baba7-b1b7-440f-b4bb-91026967f66b" };
    for (int i = 0; i < 3; i++) { /* a handle that sent a body sends none afterwards */
        assert_int_equal(cs_auth_admin_mfa_delete_factor(client, &params, &deleted), CS_OK);
        cs_admin_mfa_delete_factor_response_free(&deleted);
        assert_int_equal(cs_auth_sign_in_with_otp(
                             client, &(cs_sign_in_with_otp_params){ .email = "a@b.c" }, &sent),
                         CS_OK);
        cs_otp_response_free(&sent);
        assert_int_equal(ask(client, NULL, 0), CS_OK);
    }
    cs_client_free(&client);
}

static void test_connection_is_kept(void **state)
{
    (void)state;
    char first[64], again[64];
    cs_client *client = client_to("count", NULL);
    assert_int_equal(ask(client, first, sizeof first), CS_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(client, again, sizeof again), CS_OK);
        assert_string_equal(again, first);
    }
    cs_client_free(&client);
}

/* libcurl by itself sends again what a kept connection broke under. Only what may come twice does.
 */
static void test_nothing_is_sent_twice(void **state)
{
    (void)state;
    char taken[64];
    cs_otp_response *sent = NULL;
    cs_client *client = client_to("break", NULL);
    assert_int_equal(ask(client, NULL, 0), CS_OK);
    const cs_sign_in_with_otp_params params = { .email = "a@b.c" };
    assert_int_equal(cs_auth_sign_in_with_otp(client, &params, &sent), CS_ERR_NETWORK);
    cs_client_free(&client);
    client = client_to("taken", NULL);
    assert_int_equal(ask(client, taken, sizeof taken), CS_OK);
    assert_string_equal(taken, "POST");
    cs_client_free(&client);
    client = client_to("break", NULL);
    assert_int_equal(ask(client, NULL, 0), CS_OK);
    assert_int_equal(ask(client, NULL, 0), CS_OK); /* a GET is sent again */
    cs_client_free(&client);
}

static void test_dead_hosts(void **state)
{
    (void)state;
    static const char *const urls[] = { "http://127.0.0.1:1", "http://name.invalid",
                                        "https://127.0.0.1:1" };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        cs_client_options options = { .max_retries = -1, .connect_timeout_ms = 3000, .proxy = "" };
        cs_client *client = NULL;
        assert_int_equal(cs_client_new(urls[i], "key", &options, &client), CS_OK);
        assert_int_equal(ask(client, NULL, 0), CS_ERR_CONNECT);
        assert_true(cs_client_last_error(client)->retryable);
        cs_client_free(&client);
    }
    cs_client_options options = { .max_retries = -1, .proxy = "http://127.0.0.1:1" };
    cs_client *client = client_to("good", &options);
    assert_int_equal(ask(client, NULL, 0), CS_ERR_CONNECT);
    cs_client_free(&client);
}

static void test_tls(void **state)
{
    (void)state;
    char url[64];
    cs_client *client = NULL;
    cs_client_options options = { .max_retries = -1, .timeout_ms = 3000, .proxy = "" };
    snprintf(url, sizeof url, "https://127.0.0.1:%d", port);
    assert_int_equal(cs_client_new(url, "key", &options, &client), CS_OK);
    cs_status plain = ask(client, NULL, 0); /* the server does not speak TLS at all */
    assert_true(plain == CS_ERR_TLS || plain == CS_ERR_NETWORK || plain == CS_ERR_CONNECT);
    cs_client_free(&client);
    static const struct {
        const char *host;
        bool known;
        cs_status status;
    } rows[] = { { "127.0.0.1", true, CS_OK },
                 { "127.0.0.1", false, CS_ERR_TLS },  /* nobody the system trusts signed it */
                 { "127.0.0.2", true, CS_ERR_TLS } }; /* the same server, of another name */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options.ca_file = rows[i].known ? certificate : NULL;
        snprintf(url, sizeof url, "https://%s:%d/good", rows[i].host, tls_port);
        assert_int_equal(cs_client_new(url, "key", &options, &client), CS_OK);
        assert_int_equal(ask(client, NULL, 0), rows[i].status);
        assert_int_equal(ask(client, NULL, 0), rows[i].status);
        cs_client_free(&client);
    }
    options.ca_file = "/nonexistent.pem";
    assert_int_equal(cs_client_new(url, "key", &options, &client), CS_OK);
    assert_int_equal(ask(client, NULL, 0), CS_ERR_TLS);
    cs_client_free(&client);
}

static void test_timeouts(void **state)
{
    (void)state;
    static const char *const behaviours[] = { "hang", "slow" };
    for (size_t i = 0; i < 2; i++) {
        cs_client_options options = { .timeout_ms = 400, .max_retries = -1 };
        cs_client *client = client_to(behaviours[i], &options);
        time_t begun = time(NULL);
        assert_int_equal(ask(client, NULL, 0), CS_ERR_TIMEOUT);
        assert_true(time(NULL) - begun <= 3);
        cs_client_free(&client);
    }
}

static void *cancel_later(void *client)
{
    nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
    cs_client_cancel(client);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    pthread_t thread;
    cs_client *client = client_to("hang", NULL);
    time_t begun = time(NULL);
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, client), 0);
    assert_int_equal(ask(client, NULL, 0), CS_ERR_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(time(NULL) - begun <= 3);
    cs_client_free(&client);
}

/* The system's resolver, which cannot be told to stop: of one name it says nothing until the test
 * lets it, or gives up after a time. libcurl finds this one first. */
static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_changed = PTHREAD_COND_INITIALIZER;
static bool resolver_let_go, resolver_gave_up, resolver_over;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)service;
    (void)hints;
    *out = NULL;
    if (node == NULL || strcmp(node, "mute.test") != 0) {
        return EAI_NONAME;
    }
    struct timespec until = { .tv_sec = time(NULL) + 10 };
    pthread_mutex_lock(&resolver_lock);
    while (!resolver_let_go && !resolver_gave_up) {
        resolver_gave_up =
            pthread_cond_timedwait(&resolver_changed, &resolver_lock, &until) == ETIMEDOUT;
    }
    resolver_over = true;
    pthread_cond_broadcast(&resolver_changed);
    pthread_mutex_unlock(&resolver_lock);
    return EAI_AGAIN;
}

static void wait_for_resolver(void)
{
    pthread_mutex_lock(&resolver_lock);
    assert_false(resolver_gave_up); /* the call came back before */
    resolver_let_go = true;
    pthread_cond_broadcast(&resolver_changed);
    while (!resolver_over) {
        pthread_cond_wait(&resolver_changed, &resolver_lock);
    }
    resolver_let_go = resolver_over = false;
    pthread_mutex_unlock(&resolver_lock);
}

/* A name server that does not answer must hold up neither a timeout nor a cancelled call. */
static void test_mute_name_server(void **state)
{
    (void)state;
    pthread_t thread;
    cs_client_options options = { .max_retries = -1, .timeout_ms = 300, .proxy = "" };
    cs_client *client = NULL;
    assert_int_equal(cs_client_new("http://mute.test", "key", &options, &client), CS_OK);
    assert_int_equal(ask(client, NULL, 0), CS_ERR_CONNECT);
    cs_client_free(&client);
    wait_for_resolver();
    options.timeout_ms = 0;
    assert_int_equal(cs_client_new("http://mute.test", "key", &options, &client), CS_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, client), 0);
    assert_int_equal(ask(client, NULL, 0), CS_ERR_CANCELLED);
    pthread_join(thread, NULL);
    cs_client_free(&client);
    wait_for_resolver();
}

static void test_curl_without_memory(void **state)
{
    (void)state;
    long n = 0, refusals = 0;
    do {
        cs_client_options options = { .max_retries = -1, .timeout_ms = 5000 };
        cs_client *client = client_to("good", &options);
        cs_user_response *response = NULL;
        failed = false;
        countdown = ++n;
        cs_status status = cs_auth_get_user(client, "token", &response);
        countdown = -1;
        /* libcurl does not call every want of memory by its name. */
        assert_true(status == CS_OK || (failed && status != CS_ERR_INVALID_ARGUMENT));
        assert_int_equal(response != NULL, status == CS_OK);
        refusals += status == CS_ERR_NO_MEMORY;
        cs_user_response_free(&response);
        cs_client_free(&client);
    } while (failed);
    print_message("%ld allocations of libcurl failed in turn, %ld called so\n", n - 1, refusals);
    assert_true(refusals > 10);
}

static void curl_free(void *memory)
{
    if (pipe_breaks) {
        pthread_kill(pthread_self(), SIGPIPE);
        pipes_broken++;
    }
    free(memory);
}

/* The host program lives on, and a signal of its own that was waiting still waits. */
static void test_broken_pipe(void **state)
{
    (void)state;
    sigset_t pipe_only, before, now;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    cs_client *client = client_to("good", NULL);
    pipes_broken = 0;
    pipe_breaks = true;
    assert_int_equal(ask(client, NULL, 0), CS_OK);
    assert_true(pipes_broken > 0);
    pipes_broken = 0;
    cs_client_free(&client);
    pipe_breaks = false;
    assert_true(pipes_broken > 0);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGPIPE), 0);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    pthread_kill(pthread_self(), SIGPIPE);
    client = client_to("good", NULL);
    assert_int_equal(ask(client, NULL, 0), CS_OK);
    assert_int_equal(sigtimedwait(&pipe_only, NULL, &(struct timespec){ .tv_sec = 0 }), SIGPIPE);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    cs_client_free(&client);
    signal(SIGPIPE, SIG_IGN);
}

static void *ask_often(void *client)
{
    for (int i = 0; i < 20; i++) {
        cs_user_response *response = NULL;
        if (cs_auth_get_user(client, "token", &response) != CS_OK) {
            return client;
        }
        cs_user_response_free(&response);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[12]; /* more than the handles that are kept */
    cs_client *client = client_to("good", NULL);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, client), 0);
    }
    for (size_t i = 0; i < 12; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    cs_client_free(&client);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behaviours),
        cmocka_unit_test(test_request_on_the_wire),
        cmocka_unit_test(test_methods_on_the_wire),
        cmocka_unit_test(test_connection_is_kept),
        cmocka_unit_test(test_nothing_is_sent_twice),
        cmocka_unit_test(test_dead_hosts),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_mute_name_server),
        cmocka_unit_test(test_broken_pipe),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_curl_without_memory),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s stub_server.py\n", argv[0]);
        return 2;
    }
    script = argv[1];
    signal(SIGPIPE, SIG_IGN);
    if (curl_global_init_mem(3, curl_malloc, curl_free, curl_realloc, curl_strdup, curl_calloc) !=
        0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, start_server, stop_server);
}

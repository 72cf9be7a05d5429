/* listener.c: sockets and HTTP by libmicrohttpd. It collects a request (exchange.h), hands the call
 * to the pipeline, and, where that asks for the executor, suspends the connection until the work is
 * done. */
#include "http/listener.h"

#include "base/log.h"
#include "http/exchange.h"
#include "http/pipeline.h"
#include "http/socket.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTION_MEMORY = 256 << 10 }; /* header blocks must fit; each reset wipes so much */

static struct exchange *exchange_of(struct in_flight *a)
{
    return (struct exchange *)(void *)((char *)a - offsetof(struct exchange, in_flight));
}

static struct seat *seat_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static enum MHD_Result admit(void *arg, const struct sockaddr *peer, socklen_t len)
{
    const struct listener *l = arg;
    (void)len;
    return guard_admits(l->guard, peer) ? MHD_YES : MHD_NO;
}

static void see_connection(void *arg, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what)
{
    struct listener *l = arg;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        guard_leave(l->guard, *context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info ? info->connect_fd : -1;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = guard_enter(l->guard, fd, info ? info->client_addr : NULL);
}

/* libmicrohttpd calls this first, with the URI as it was sent; what it returns is the request's
 * own pointer from then on. */
static void *new_exchange(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x) {
        log_die("out of memory");
    }
    x->listener = arg;
    x->connection = connection;
    x->seat = seat_of(connection);
    seat_is(x->seat, SEAT_HEAD);
    struct call *call = &x->call;
    call->services = x->listener->services;
    call->ctx.arena = arena_new();
    exchange_read_target(x, uri);
    call->header = exchange_header;
    call->header_arg = x;
    call->peer = x->peer;
    return x;
}

/* The listener may be gone. */
static void free_exchange(struct exchange *x)
{
    exchange_drop_body(x);
    arena_free(&x->call.ctx.arena);
    free(x);
}

static void end_exchange(void *arg, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why)
{
    struct exchange *x = *request;
    (void)arg;
    (void)connection;
    (void)why;
    if (x) {
        if (x->counted) {
            atomic_fetch_sub(&x->listener->under_way, 1);
        }
        seat_is(x->seat, SEAT_IDLE);
        exchange_give_share(x);
        if (in_flight_leave(&x->in_flight)) {
            free_exchange(x);
        }
        *request = NULL;
    }
}

/* Paths and queries stay as they were sent; the router and call_query decode. */
static size_t no_unescape(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct answer answer;
    struct reply *reply = &x->call.reply;
    pipeline_answer(&x->call, &answer);
    /* The arena outlives the response: both end in end_exchange. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer.len, (void *)(uintptr_t)answer.body, MHD_RESPMEM_PERSISTENT);
    if (!response) {
        return MHD_NO;
    }
    for (int i = 0; i < reply->n_headers; i++) {
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    if (x->call.problem == P_HEADERS_TOO_LARGE || x->call.problem == P_BAD_HTTP ||
        atomic_load(&x->listener->stopping) || guard_is_crowded(x->listener->guard)) {
        MHD_add_response_header(response, "Connection", "close");
    }
    enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)answer.status, response);
    MHD_destroy_response(response);
    x->answered = true;
    seat_is(x->seat, SEAT_ANSWER);
    return result;
}

static void let_go(struct delayed *delayed)
{
    struct exchange *x =
        (struct exchange *)(void *)((char *)delayed - offsetof(struct exchange, delayed));
    MHD_resume_connection(x->connection);
}

static void hand_over(struct exchange *x, enum lane lane);

/* The call is done: at once, or when its step of time is over. */
static void answer_it(struct in_flight *a)
{
    struct exchange *x = exchange_of(a);
    x->done = true;
    x->delayed = (struct delayed){ .due_us = pipeline_due_us(&x->call), .then = let_go };
    if (x->delayed.due_us && x->listener->delays && !x->listener->over) {
        delay_until(x->listener->delays, &x->delayed);
    } else {
        MHD_resume_connection(x->connection);
    }
}

/* On another thread, when the part is durable or undone. */
static void part_done(struct work *work)
{
    struct exchange *x = work->arg;
    enum lane lane = pipeline_next(&x->call, work->result);
    if (lane != LANE_NONE && !in_flight_is_late(&x->in_flight)) {
        hand_over(x, lane);
    } else if (in_flight_end(&x->in_flight, answer_it)) {
        free_exchange(x);
    }
}

static enum problem run_part(struct ctx *ctx, void *arg)
{
    struct exchange *x = arg;
    return pipeline_alone(ctx, &x->call);
}

static enum problem run_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct exchange *x = arg;
    return pipeline_in_tx(ctx, tx, &x->call);
}

static bool queue_part(struct executor *executor, enum lane lane, struct work *work)
{
    return lane == LANE_WRITE    ? exec_write_later(executor, work)
           : lane == LANE_WORKER ? exec_run_later(executor, work)
           : lane == LANE_COMPUTE
               ? exec_compute_later(executor, work)
               : exec_external_later(executor, (int)(lane - LANE_EXTERNAL), work);
}

/* Queues the next part of a suspended connection's call. It may be done before this returns. */
static void hand_over(struct exchange *x, enum lane lane)
{
    struct executor *executor = x->listener->services->executor;
    x->work = (struct work){
        .ctx = &x->call.ctx,
        .fn = run_in_tx,
        .run = run_part,
        .arg = x,
        .unauthenticated = pipeline_is_unauthenticated(&x->call),
        .done = part_done,
    };
    if (!queue_part(executor, lane, &x->work)) {
        x->call.ctx.retry_after_s =
            lane == LANE_COMPUTE    ? exec_compute_wait_s(executor)
            : lane >= LANE_EXTERNAL ? exec_external_wait_s(executor, (int)(lane - LANE_EXTERNAL))
                                    : 1;
        x->work.result = P_OVERLOADED;
        part_done(&x->work);
    }
}

/* Without a look at the call, which another thread still works on. */
static enum MHD_Result send_too_late(struct exchange *x)
{
    const struct problem_row *row = problem_row(P_SHUTTING_DOWN);
    char body[256];
    int len = snprintf(body, sizeof body,
                       x->call.new_envelope ? "{\"code\":\"%s\",\"message\":\"%s\"}"
                                            : "{\"code\":503,\"error_code\":\"%s\",\"msg\":\"%s\"}",
                       row->code, row->text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)len, body, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Retry-After", "1");
    MHD_add_response_header(response, "Connection", "close");
    if (x->call.new_envelope) {
        MHD_add_response_header(response, "X-Supabase-Api-Version", "2024-01-01");
    }
    enum MHD_Result result = MHD_queue_response(x->connection, 503, response);
    MHD_destroy_response(response);
    x->answered = true;
    return result;
}

static void suspend(struct in_flight *a)
{
    MHD_suspend_connection(exchange_of(a)->connection);
}

static void resume(struct in_flight *a)
{
    MHD_resume_connection(exchange_of(a)->connection);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **request)
{
    struct exchange *x = *request;
    (void)arg;
    (void)connection;
    (void)url;
    if (!x->begun) {
        x->begun = true;
        seat_is(x->seat, SEAT_BODY);
        x->call.method = arena_strdup(x->call.ctx.arena, method);
        exchange_name_peer(x);
        exchange_check_headers(x, version);
        bool hopeless = x->call.problem == P_BAD_HTTP; /* nobody knows where its body would end */
        return hopeless && pipeline_begin(&x->call) == LANE_NONE ? send_answer(x) : MHD_YES;
    }
    if (*len) {
        return exchange_collect(x, data, len);
    }
    if (x->answered) {
        return MHD_NO;
    }
    if (x->done) {
        return send_answer(x);
    }
    if (atomic_load(&x->listener->stopping) && in_flight_is_late(&x->in_flight)) {
        return send_too_late(x);
    }
    seat_is(x->seat, SEAT_BUSY);
    x->counted = true; /* a stop waits for whole requests only */
    atomic_fetch_add(&x->listener->under_way, 1);
    enum lane lane = pipeline_begin(&x->call);
    if (lane == LANE_NONE) {
        return send_answer(x);
    }
    if (!in_flight_begin(&x->in_flight, &x->listener->over, suspend)) {
        return send_too_late(x);
    }
    hand_over(x, lane);
    return MHD_YES;
}

/* Descriptors that connections must leave: of the database, hooks and mails, files, and of threads.
 */
static int files_for_others(const struct services *services, int threads)
{
    enum { FIXED = 128, EACH = 3 };
    const struct config *c = services->config;
    int waiting = 0;
    for (unsigned asks = services->asks; asks; asks &= asks - 1) {
        waiting += (int)c->http.external_threads;
    }
    int database = c->database.connections ? (int)c->database.connections : 16;
    return FIXED + database + EACH * (waiting + threads + (int)sysconf(_SC_NPROCESSORS_ONLN));
}

static struct listen_on place_of(const struct config *config)
{
    return (struct listen_on){ .host = config->http.host,
                               .port = (int)config->http.port,
                               .host_setting = "GOTRUE_API_HOST",
                               .port_hint = "--port or PORT" };
}

int listener_bind(struct arena *arena, const struct config *config, const char **error)
{
    struct listen_on on = place_of(config);
    return socket_bind(arena, &on, error);
}

struct listener *listener_start(struct arena *arena, struct services *services, int fd,
                                const char **error)
{
    const struct config *config = services->config;
    struct listen_on on = place_of(config);
    if (!socket_listen(arena, fd, &on, error)) {
        close(fd);
        return NULL;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    struct listener *l = calloc(1, sizeof *l);
    if (!l) {
        log_die("out of memory");
    }
    l->services = services;
    l->socket = fd;
    l->port = socket_port(fd);
    l->delays = delay_queue_start();
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = config->http.threads ? (unsigned)config->http.threads
                       : cores > 0          ? (unsigned)cores
                                            : 1;
    l->guard = guard_start(config, files_for_others(services, (int)threads));
    /* the guard's limits are below those of libmicrohttpd, which shares its own among the threads
     */
    unsigned most = (unsigned)guard_most(l->guard) * threads;
    l->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, admit, l, handle, l,
        MHD_OPTION_NOTIFY_CONNECTION, see_connection, l, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_URI_LOG_CALLBACK,
        new_exchange, l, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_exchange, l, MHD_OPTION_END);
    if (!l->daemon) {
        *error = "cannot start the HTTP server: not enough memory, threads or file descriptors";
        close(fd);
        delay_queue_stop(&l->delays);
        guard_stop(&l->guard);
        free(l);
        return NULL;
    }
    return l;
}

int listener_port(const struct listener *listener)
{
    return listener->port;
}

/* No more connections from here on: a socket that nothing can reach takes the place of the
 * listening one, which the system closes with that and drops from every epoll set.
 * MHD_quiesce_daemon() would have the daemon's threads and ours both remove it from those sets, and
 * where ours comes second that ends the process (libmicrohttpd 0.9.75, "Failed to remove listen FD
 * from epoll set"). */
static void stop_accepting(const struct listener *l)
{
    int nowhere = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (nowhere < 0 || dup3(nowhere, l->socket, O_CLOEXEC) < 0) {
        log_plain(LOG_WARN, "connections are taken until all answers are out");
    }
    if (nowhere >= 0) {
        close(nowhere);
    }
}

static void wait_for_answers(struct listener *l, int64_t wait_us)
{
    int64_t until = clock_steady_us() + wait_us;
    while (atomic_load(&l->under_way) > 0 && clock_steady_us() < until) {
        usleep(2000);
    }
}

/* Whose time is over is told so: libmicrohttpd ends the process if a connection is still suspended
 * when it stops. */
static void give_up(struct listener *l)
{
    enum { TO_SEND_S = 5 };
    int n = in_flight_give_up(&l->over, resume);
    if (n) {
        log_write(LOG_WARN, "requests were not done in time for the stop, and were answered 503",
                  LOG_INT("requests", n), LOG_STR("setting", "COUNTERSIGN_STOP_WAIT"));
    }
    delay_queue_stop(&l->delays); /* a suspended connection must not be left to the daemon */
    wait_for_answers(l, TO_SEND_S * US_PER_S);
}

void listener_stop(struct listener **listener, int64_t wait_us)
{
    if (!listener || !*listener) {
        return;
    }
    struct listener *l = *listener;
    *listener = NULL;
    atomic_store(&l->stopping, true);
    stop_accepting(l);
    wait_for_answers(l, wait_us);
    give_up(l);
    MHD_stop_daemon(l->daemon); /* closes the socket */
    guard_stop(&l->guard);
    free(l);
}

/* metrics_listener.c: the counters as text, for a monitoring system that asks now and then. Apart
 * from the clients' port, so that no proxy in front shows them to the world (decision 0010); one
 * thread, few connections, each for one answer and as bounded in time as the clients' (rule S18).
 */
#include "http/metrics_listener.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/connection_guard.h"
#include "http/socket.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 10, CONNECTIONS_MAX = 16 };

struct metrics_listener {
    struct MHD_Daemon *daemon;
    struct config config; /* the server's, but for the number of connections */
    struct guard *guard;
    const char *version;
    int64_t started_us;
    int port;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const char *text, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Connection", "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    return answer(connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result admit(void *arg, const struct sockaddr *peer, socklen_t len)
{
    struct metrics_listener *l = arg;
    (void)len;
    return guard_admits(l->guard, peer) ? MHD_YES : MHD_NO;
}

/* The seat stays new until the connection ends: head, body and answer share one deadline. */
static void see_connection(void *arg, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what)
{
    struct metrics_listener *l = arg;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        guard_leave(l->guard, *context);
        return;
    }
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = fd ? guard_enter(l->guard, fd->connect_fd, peer ? peer->client_addr : NULL) : NULL;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **request)
{
    struct metrics_listener *l = arg;
    static int begun;
    (void)version;
    (void)data;
    if (!*request) { /* the headers are there; a body is read and thrown away */
        *request = &begun;
        return MHD_YES;
    }
    if (*len) {
        *len = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") != 0) {
        return refuse(connection, MHD_HTTP_NOT_FOUND, "there is /metrics here\n");
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET it\n");
    }
    struct arena *arena = arena_new();
    struct strbuf text = strbuf_in(arena, TEXT_MAX);
    metrics_write(&text, l->version, l->started_us);
    enum MHD_Result result = answer(
        connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
    arena_free(&arena);
    return result;
}

static struct listen_on place_of(const struct config *config)
{
    return (struct listen_on){ .host = config->metrics.host,
                               .port = (int)config->metrics.port,
                               .host_setting = "OTEL_EXPORTER_PROMETHEUS_HOST",
                               .port_hint = "OTEL_EXPORTER_PROMETHEUS_PORT" };
}

int metrics_listener_bind(struct arena *arena, const struct config *config, const char **error)
{
    struct listen_on on = place_of(config);
    return socket_bind(arena, &on, error);
}

struct metrics_listener *metrics_listener_start(struct arena *arena, const struct config *config,
                                                const char *version, int fd, const char **error)
{
    struct listen_on on = place_of(config);
    if (!socket_listen(arena, fd, &on, error)) {
        close(fd);
        return NULL;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    struct metrics_listener *l = calloc(1, sizeof *l);
    if (!l) {
        log_die("out of memory");
    }
    struct clock clock = clock_system();
    l->version = version;
    l->started_us = clock_now_us(&clock);
    l->port = socket_port(fd);
    l->config = *config;
    l->config.http.connections = CONNECTIONS_MAX;
    l->guard = guard_start(&l->config, 0);
    l->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, admit, l, handle, l,
                                 MHD_OPTION_NOTIFY_CONNECTION, see_connection, l,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)guard_most(l->guard), MHD_OPTION_END);
    if (!l->daemon) {
        *error = "cannot start the metrics: not enough memory, threads or file descriptors";
        close(fd);
        guard_stop(&l->guard);
        free(l);
        return NULL;
    }
    return l;
}

int metrics_listener_port(const struct metrics_listener *listener)
{
    return listener->port;
}

void metrics_listener_stop(struct metrics_listener **listener)
{
    if (listener && *listener) {
        MHD_stop_daemon((*listener)->daemon);
        guard_stop(&(*listener)->guard);
        free(*listener);
        *listener = NULL;
    }
}

/* socket.c: see socket.h. */
#include "http/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int try_bind(const struct addrinfo *address)
{
    int yes = 1, no = 0;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (address->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return fd;
    }
    int failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

static const char *cannot_listen(struct arena *arena, const struct listen_on *on, int why)
{
    return arena_printf(
        arena, "cannot listen on %s port %d: %s%s%s", *on->host ? on->host : "any address",
        on->port, strerror(why),
        why == EADDRINUSE ? "; is another server running there? Choose another port with " : "",
        why == EADDRINUSE ? on->port_hint : "");
}

int socket_bind(struct arena *arena, const struct listen_on *on, const char **error)
{
    char port[8];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list = NULL;
    snprintf(port, sizeof port, "%d", on->port);
    hints.ai_family = *on->host ? AF_UNSPEC : AF_INET6;
    const char *host = *on->host ? on->host : NULL;
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed) {
        *error = arena_printf(arena, "%s=%s: no such address: %s", on->host_setting, on->host,
                              gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = try_bind(a);
    }
    int why = errno;
    freeaddrinfo(list);
    if (fd < 0 && !host) { /* a system without IPv6 */
        struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)on->port) };
        struct addrinfo v4 = { .ai_family = AF_INET,
                               .ai_socktype = SOCK_STREAM,
                               .ai_addr = (struct sockaddr *)(void *)&any,
                               .ai_addrlen = sizeof any };
        fd = try_bind(&v4);
        why = errno;
    }
    if (fd < 0) {
        *error = cannot_listen(arena, on, why);
    }
    return fd;
}

bool socket_listen(struct arena *arena, int fd, const struct listen_on *on, const char **error)
{
    bool good = listen(fd, BACKLOG) == 0;
    if (!good) {
        *error = cannot_listen(arena, on, errno);
    }
    return good;
}

int socket_port(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return address.ss_family == AF_INET6
               ? ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port)
               : ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
}

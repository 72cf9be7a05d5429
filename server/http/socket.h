/* socket.h: the sockets that the server listens on. For listener.c and metrics_listener.c. */
#ifndef COUNTERSIGN_HTTP_SOCKET_H
#define COUNTERSIGN_HTTP_SOCKET_H

#include "base/arena.h"

#include <stdbool.h>

struct listen_on {
    const char *host; /* empty: all addresses, of both families where the system has both */
    int port;         /* 0: any free one */
    const char *host_setting, *port_hint; /* for messages */
};

/* A socket with that address, on which nobody can connect yet; or -1 with *error for a person. */
int socket_bind(struct arena *arena, const struct listen_on *on, const char **error);

/* Lets clients connect. false: *error for a person; the socket stays the caller's. */
bool socket_listen(struct arena *arena, int fd, const struct listen_on *on, const char **error);

/* The port of a bound socket. */
int socket_port(int fd);

#endif

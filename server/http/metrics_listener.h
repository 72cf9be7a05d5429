/* metrics_listener.h: GET /metrics on a port of its own, where GOTRUE_METRICS_ENABLED is true. */
#ifndef COUNTERSIGN_HTTP_METRICS_LISTENER_H
#define COUNTERSIGN_HTTP_METRICS_LISTENER_H

#include "config/config.h"

struct metrics_listener;

/* As of listener.h: the socket comes first. */
int metrics_listener_bind(struct arena *arena, const struct config *config, const char **error);

/* Takes the socket over. NULL: *error for a person. */
struct metrics_listener *metrics_listener_start(struct arena *arena, const struct config *config,
                                                const char *version, int fd, const char **error);
int metrics_listener_port(const struct metrics_listener *listener);

/* NULL is fine. */
void metrics_listener_stop(struct metrics_listener **listener);

#endif

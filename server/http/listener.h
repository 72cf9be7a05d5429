/* listener.h: the server's socket and its threads. */
#ifndef COUNTERSIGN_HTTP_LISTENER_H
#define COUNTERSIGN_HTTP_LISTENER_H

#include "api/call.h"

struct listener;

/* A socket with the configured host and port, before anything else of a start: whoever cannot have
 * them makes no database. -1: *error for a person. */
int listener_bind(struct arena *arena, const struct config *config, const char **error);

/* Listens on that socket, which it takes over, and answers from now on. NULL: *error for a person.
 */
struct listener *listener_start(struct arena *arena, struct services *services, int fd,
                                const char **error);

/* The port listened on (of use where 0 was configured). */
int listener_port(const struct listener *listener);

/* Takes no more connections, waits until every request under way is answered (at most wait_us),
 * then closes all. NULL is fine. Call before the executor is stopped. */
void listener_stop(struct listener **listener, int64_t wait_us);

#endif

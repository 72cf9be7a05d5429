/* connection_guard.h: limits on connections, in number and in time. It knows sockets and addresses,
 * and nothing of libmicrohttpd. */
#ifndef COUNTERSIGN_HTTP_CONNECTION_GUARD_H
#define COUNTERSIGN_HTTP_CONNECTION_GUARD_H

#include "config/config.h"

#include <sys/socket.h>

struct guard;
struct seat; /* of one connection */

/* What a connection does; all but SEAT_BUSY may last only so long, however the bytes drip. */
enum seat_state {
    SEAT_NEW,  /* has not sent a whole head yet */
    SEAT_IDLE, /* between two requests, the next one's first line included */
    SEAT_HEAD,
    SEAT_BODY,
    SEAT_BUSY, /* the server's turn */
    SEAT_ANSWER,
    SEAT_STATES
};

/* Raises the limit of open files as far as it may, keeps `reserved` of them for other uses, and
 * starts the thread that closes what is over its time. */
struct guard *guard_start(const struct config *config, int reserved);

/* So many at most, those included that are being closed. */
int guard_most(const struct guard *guard);

/* May this peer open one more? */
bool guard_admits(struct guard *guard, const struct sockaddr *peer);

/* NULL: there is none left. */
struct seat *guard_enter(struct guard *guard, int fd, const struct sockaddr *peer);
void guard_leave(struct guard *guard, struct seat *seat);

void seat_is(struct seat *seat, enum seat_state state);

/* Is the house so full that connections are better closed after their answer? */
bool guard_is_crowded(const struct guard *guard);

/* When all have left. NULL is fine. */
void guard_stop(struct guard **guard);

#endif

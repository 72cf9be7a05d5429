/* exchange.h: one request on a connection, as libmicrohttpd brings it: head, body, and where it
 * stands. For listener.c, exchange_head.c and exchange_body.c. */
#ifndef COUNTERSIGN_HTTP_EXCHANGE_H
#define COUNTERSIGN_HTTP_EXCHANGE_H

#include "api/call.h"
#include "http/connection_guard.h"
#include "http/delay_queue.h"
#include "http/in_flight.h"
#include "work/executor.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>

struct listener {
    struct services *services;
    struct MHD_Daemon *daemon;
    struct delay_queue *delays;
    struct guard *guard;
    atomic_bool stopping;
    bool over; /* what is under way has had its time; under the lock of in_flight.c */
    int socket, port;
    atomic_int under_way;
    atomic_size_t large_bodies; /* bytes */
};

/* One request on a connection. */
struct exchange {
    struct call call;
    struct listener *listener;
    struct MHD_Connection *connection;
    struct seat *seat;
    struct work work;
    struct delayed delayed;
    char peer[INET6_ADDRSTRLEN];
    size_t swallowed, large;                      /* large: of the listener's large_bodies */
    bool begun, counted, done, answered, refused; /* refused: the rest of the body is thrown away */
    struct in_flight in_flight;
};

/* --- exchange_head.c --- */

/* A header's value, as struct call wants it; arg is the exchange. */
const char *exchange_header(void *arg, const char *name);

/* Fills the call's path and query from the URI as it was sent, and cuts the query off there. */
void exchange_read_target(struct exchange *x, const char *uri);

void exchange_name_peer(struct exchange *x);

/* Before the body: is it worth reading, and would a proxy in front of us see the same request? Says
 * in the call what is wrong. */
void exchange_check_headers(struct exchange *x, const char *version);

/* --- exchange_body.c --- */

/* Takes the next *len bytes of the body, within its bounds; MHD_NO ends the connection. */
enum MHD_Result exchange_collect(struct exchange *x, const char *data, size_t *len);

/* Wipes and frees the body; gives back its share of the memory for large ones. */
void exchange_drop_body(struct exchange *x);
void exchange_give_share(struct exchange *x);

#endif

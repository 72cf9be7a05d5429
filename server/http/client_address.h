/* client_address.h: the address of whoever sent a request (row B16, W14): the peer, unless it is a
 * configured proxy; then the last address of X-Forwarded-For that is no configured proxy. */
#ifndef COUNTERSIGN_HTTP_CLIENT_ADDRESS_H
#define COUNTERSIGN_HTTP_CLIENT_ADDRESS_H

#include "api/call.h"

/* In its usual text form, in the call's arena. */
const char *client_address(struct call *call);

/* Is it this machine, and does no header name another whom a proxy here stands for? */
bool client_is_local(struct call *call);

/* The address that a configured proxy names in Sb-Forwarded-For, where that is switched on; else
 * NULL. */
const char *client_address_named(struct call *call);

#endif

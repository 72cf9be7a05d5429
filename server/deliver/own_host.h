/* own_host.h: the host in an address of ours, as mail wants it: in EHLO, in Message-ID. */
#ifndef COUNTERSIGN_DELIVER_OWN_HOST_H
#define COUNTERSIGN_DELIVER_OWN_HOST_H

#include "base/arena.h"

/* The host of a URL, if it is a plain name or number of an IPv4 address; else "localhost". */
const char *own_host(struct arena *arena, const char *url);

#endif

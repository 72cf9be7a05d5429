/* redirect.h: where links and browsers may be sent (docs/protocol/security.md S16, in the place of
 * accounts.md RD2 to RD4). */
#ifndef COUNTERSIGN_DOMAIN_REDIRECT_H
#define COUNTERSIGN_DOMAIN_REDIRECT_H

#include "domain/realm.h"

/* The site, this machine, or what a pattern of the settings allows. */
bool redirect_allowed(const struct realm *realm, const char *target);

/* Row RD1: the first of the candidates that is not NULL or empty counts, but a header hides the
 * query; the site where nothing valid is asked for. */
const char *redirect_pick(const struct realm *realm, const char *header, const char *query,
                          const char *referer);

#endif

/* redirect.h: where links and browsers may be sent (contract-accounts.md 1.7). */
#ifndef COUNTERSIGN_DOMAIN_REDIRECT_H
#define COUNTERSIGN_DOMAIN_REDIRECT_H

#include "domain/realm.h"

/* Rows RD2 to RD4. */
bool redirect_allowed(const struct realm *realm, struct arena *arena, const char *target);

/* Row RD1: the first of the candidates that is not NULL or empty counts, but a header hides the
 * query; the site where nothing valid is asked for. */
const char *redirect_pick(const struct realm *realm, struct arena *arena, const char *header,
                          const char *query, const char *referer);

#endif

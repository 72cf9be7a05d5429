/* breach.h: is a password known from breaches? Asks a range service by the first five digits of
 * its SHA-1 (k-anonymity), so that the service learns neither password nor hash (row N5). */
#ifndef COUNTERSIGN_DELIVER_BREACH_H
#define COUNTERSIGN_DELIVER_BREACH_H

#include "base/ctx.h"
#include "config/config.h"

/* P_OK where it is switched off, unknown, or the service does not answer (unless the settings say
 * that this is a failure: P_BREACH_UNREACHABLE). P_PASSWORD_WEAK, reason "pwned". On a pool
 * thread: it may take five seconds. */
enum problem breach_check(const struct config *config, struct ctx *ctx,
                          const char *password) MUST_CHECK;

#endif

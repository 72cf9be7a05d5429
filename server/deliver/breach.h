/* breach.h: is a password known from breaches? Asks a range service by the first five digits of
 * its SHA-1 (k-anonymity), so that the service learns neither password nor hash (row N5). */
#ifndef COUNTERSIGN_DELIVER_BREACH_H
#define COUNTERSIGN_DELIVER_BREACH_H

#include "base/ctx.h"
#include "config/config.h"

/* *found: it is known. P_BREACH_UNREACHABLE if the service does not answer and the settings say
 * that this is a failure; else it then counts as unknown. On a pool thread: it may take five
 * seconds. */
enum problem breach_ask(const struct config *config, struct ctx *ctx, const char *password,
                        bool *found) MUST_CHECK;

#endif

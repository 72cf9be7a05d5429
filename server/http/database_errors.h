/* database_errors.h: how a refusal of the database is told, in the official server's words for the
 * operation (accounts.md 10.2). */
#ifndef COUNTERSIGN_HTTP_DATABASE_ERRORS_H
#define COUNTERSIGN_HTTP_DATABASE_ERRORS_H

#include "api/call.h"

/* Of call->route; NULL: the general text of P_DATABASE_REFUSED. */
const char *database_error_words(const struct call *call);

#endif

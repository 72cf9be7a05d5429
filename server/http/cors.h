/* cors.h: what browsers on other origins may do (row W10 of contract-accounts.md, 2.2 of
 * contract-mfa.md). */
#ifndef COUNTERSIGN_HTTP_CORS_H
#define COUNTERSIGN_HTTP_CORS_H

#include "api/call.h"

/* Is it a preflight? Then the reply (204) is complete. */
bool cors_preflight(struct call *call);

/* The headers of every other answer. */
void cors_headers(struct call *call);

#endif

/* cors.h: what browsers on other origins may do (accounts.md W10, mfa.md 2.2). */
#ifndef COUNTERSIGN_HTTP_CORS_H
#define COUNTERSIGN_HTTP_CORS_H

#include "api/call.h"

/* Is it a preflight? Then the reply (204) is complete. */
bool cors_preflight(struct call *call);

/* The headers of every other answer. */
void cors_headers(struct call *call);

#endif

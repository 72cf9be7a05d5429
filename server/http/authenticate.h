/* authenticate.h: from the Authorization header to a principal, and whether it has the rights that
 * the route asks for (mfa.md 4.1, A4, A5, B15). */
#ifndef COUNTERSIGN_HTTP_AUTHENTICATE_H
#define COUNTERSIGN_HTTP_AUTHENTICATE_H

#include "http/router.h"

/* Fills call->principal, call->audience and call->param_ids. */
enum problem authenticate(struct call *call, enum rights rights) MUST_CHECK;

#endif

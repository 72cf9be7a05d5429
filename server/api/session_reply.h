/* session_reply.h: answering with a session: the body and the sb-auth-* headers. */
#ifndef COUNTERSIGN_API_SESSION_REPLY_H
#define COUNTERSIGN_API_SESSION_REPLY_H

#include "api/call.h"

/* The grant must live in the call's arena. */
enum problem reply_session(struct call *call, struct issued_session *issued);

/* The headers alone, for an error after the session was found (internals.md §3.5). */
void reply_session_headers(struct call *call, const struct issued_session *issued);

#endif

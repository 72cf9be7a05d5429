/* render.h: the answer's text and headers: a view, or a problem in the envelope that the client's
 * version header asks for (mfa.md 2.3; accounts.md 1.2). */
#ifndef COUNTERSIGN_HTTP_RENDER_H
#define COUNTERSIGN_HTTP_RENDER_H

#include "api/call.h"

struct answer {
    int status;
    const char *body; /* in the call's arena */
    size_t len;
};

/* Fills *out and completes call->reply's headers. */
void render(struct call *call, struct answer *out);

/* Does the request ask for the newer envelope? */
bool wants_new_envelope(const char *version_header);

#endif

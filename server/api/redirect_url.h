/* redirect_url.h: the URL that a browser is sent to, with the result in its query or fragment. The
 * target cannot forge a result: parameters of its own that have such a name, or one from which
 * clients take a session or an error, are left out (security.md S16). */
#ifndef COUNTERSIGN_API_REDIRECT_URL_H
#define COUNTERSIGN_API_REDIRECT_URL_H

#include "base/strbuf.h"

/* "key=value", with '&' before it where it is not the first. */
void redirect_url_add(struct strbuf *pairs, const char *key, const char *value);

/* The target with the pairs in its query, all sorted, and in its fragment (NULL: none); its own
 * fragment is gone. As browsers write it: ASCII without blanks. */
const char *redirect_url_with(struct arena *arena, const char *target, const char *query,
                              const char *fragment);

#endif

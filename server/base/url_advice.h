/* url_advice.h: what a person should know of a pattern (url_pattern.h) that matches nothing, or
 * more than was likely meant: the reason and what to write instead. */
#ifndef COUNTERSIGN_BASE_URL_ADVICE_H
#define COUNTERSIGN_BASE_URL_ADVICE_H

#include "base/arena.h"
#include "base/url.h"

/* It is left out, and why. */
const char *url_advice_never(struct arena *arena, const char *whole, const char *why);
const char *url_advice_no_scheme(struct arena *arena, const char *whole);

/* Why no host of the web can be like this; NULL: some can. */
const char *url_advice_host(struct arena *arena, const char *whole, struct url_part host);

/* Whose hosts are anybody's; NULL: they are not. */
const char *url_advice_wide(struct arena *arena, const char *whole, struct url_part host);

/* Stars right behind a host's name, and how they are read. */
const char *url_advice_open_host(struct arena *arena, const char *whole, struct url_part name,
                                 bool any_path, bool any_port);

/* A star for a scheme; stars where scheme and host begin; nothing but stars. */
const char *url_advice_scheme(struct arena *arena, const char *whole);
const char *url_advice_half(struct arena *arena, const char *whole);
const char *url_advice_everywhere(struct arena *arena, const char *whole);

#endif

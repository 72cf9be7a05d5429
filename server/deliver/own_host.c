/* own_host.c: see own_host.h. */
#include "deliver/own_host.h"

#include "base/url.h"

#include <stdbool.h>
#include <string.h>

const char *own_host(struct arena *arena, const char *url)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    struct url_part host = url_split(url).host;
    bool usable = host.len > 0 && host.len <= 253 && strspn(host.at, plain) >= host.len;
    return usable ? arena_strndup(arena, host.at, host.len) : "localhost";
}

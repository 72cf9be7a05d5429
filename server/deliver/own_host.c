/* own_host.c: see own_host.h. */
#include "deliver/own_host.h"

#include <stdbool.h>
#include <string.h>

const char *own_host(struct arena *arena, const char *url)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t len = strcspn(host, ":/?#");
    bool usable = len > 0 && len <= 253 && strspn(host, plain) == len;
    return usable ? arena_strndup(arena, host, len) : "localhost";
}

/* client_info.c: see client_info.h. The JavaScript client throws in listFactors() where a verified
 * factor has a type that it does not know, up to version 2.112 at least; from 2.119 on it does not,
 * and the Python client never has. Of clients that are not known here the worst is assumed. */
#include "http/client_info.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MAJOR = 2, FIRST_MINOR = 119 };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "2.119.1; runtime=node" */
static bool recent(const char *version)
{
    char *end;
    unsigned long major = strtoul(version, &end, 10);
    if (end == version || *end != '.') {
        return false;
    }
    unsigned long minor = strtoul(end + 1, NULL, 10);
    return major > FIRST_MAJOR || (major == FIRST_MAJOR && minor >= FIRST_MINOR);
}

bool client_lists_recovery_codes(const char *header)
{
    static const char *const javascript[] = { "supabase-js/", "supabase-js-", "gotrue-js/" };
    if (!header || begins(header, "supabase-py/") || begins(header, "gotrue-py/") ||
        begins(header, "libcountersign/")) {
        return true;
    }
    for (size_t i = 0; i < sizeof javascript / sizeof javascript[0]; i++) {
        if (begins(header, javascript[i])) {
            const char *version = strchr(header, '/');
            return version && recent(version + 1);
        }
    }
    return false;
}

/* sql_text.c: what all engines do with a statement before it is prepared: give it its number and
 * turn the "@" names of tables into the engine's own, see db.h. */
#include "base/log.h"
#include "store/db_engine.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int db_slot(struct sql *sql)
{
    static _Atomic int newest;
    int slot = atomic_load_explicit(&sql->slot, memory_order_relaxed);
    if (slot == 0) {
        int fresh = atomic_fetch_add(&newest, 1) + 1;
        /* when another thread was faster its number stands, and ours is never used */
        slot = atomic_compare_exchange_strong(&sql->slot, &slot, fresh) ? fresh : slot;
    }
    return slot;
}

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

/* How long the quoted text or comment is that begins at p; 0 if none does. */
static size_t opaque_length(const char *p)
{
    if (*p == '\'' || *p == '"') {
        const char *end = strchr(p + 1, *p); /* a doubled quote is just a second text */
        return end ? (size_t)(end - p) + 1 : strlen(p);
    }
    if (p[0] == '-' && p[1] == '-') {
        return strcspn(p, "\n");
    }
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? (size_t)(end - p) + 2 : strlen(p);
    }
    return 0;
}

char *db_sql_text(const char *text, const char *shared_prefix, const char *own_prefix)
{
    size_t longest = strlen(own_prefix) + strlen(shared_prefix), names = 0;
    for (const char *p = text; *p; p++) {
        names += *p == '@';
    }
    char *out = malloc(strlen(text) + names * longest + 1), *to = out;
    if (!out) {
        log_die("out of memory");
    }
    while (*text) {
        size_t opaque = opaque_length(text);
        size_t ats = text[0] != '@' ? 0 : text[1] == '@' ? 2 : 1;
        if (opaque) {
            memcpy(to, text, opaque);
            to += opaque;
            text += opaque;
        } else if (ats && begins_name(text[ats])) {
            const char *prefix = ats == 2 ? own_prefix : shared_prefix;
            memcpy(to, prefix, strlen(prefix));
            to += strlen(prefix);
            text += ats;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return out;
}

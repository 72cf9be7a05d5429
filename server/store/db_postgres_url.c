/* db_postgres_url.c: the database URL as libpq takes it: what libpq does not know in it, such as
 * search_path, is a setting of the session, as the official server's driver has it. See
 * db_postgres.h. */
#include "store/db_postgres.h"

#include "base/strbuf.h"

#include <string.h>

enum { URL_MAX = 8192 };

static bool known_to_libpq(const PQconninfoOption *known, const char *name, size_t length)
{
    for (; known->keyword; known++) {
        if (strlen(known->keyword) == length && strncmp(known->keyword, name, length) == 0) {
            return true;
        }
    }
    return strncmp(name, "ssl", length) == 0 || strncmp(name, "postgresql", length) == 0;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : c && at && at - digits > 9 ? (int)(at - digits) : -1;
}

/* " -c name=value" with the value decoded from the URL and escaped for libpq. */
static void add_setting(struct strbuf *out, const char *pair, size_t length)
{
    strbuf_str(out, " -c ");
    for (size_t i = 0; i < length; i++) {
        char c = pair[i];
        if (c == '%' && i + 2 < length && hex_digit(pair[i + 1]) >= 0 &&
            hex_digit(pair[i + 2]) >= 0) {
            c = (char)(hex_digit(pair[i + 1]) * 16 + hex_digit(pair[i + 2]));
            i += 2;
        }
        if (c == ' ' || c == '\\') {
            strbuf_char(out, '\\');
        }
        strbuf_char(out, c);
    }
}

bool pg_url_split(struct arena *arena, const char *url, const char **plain, const char **settings)
{
    const char *query = strchr(url, '?');
    struct strbuf left = strbuf_in(arena, URL_MAX), more = strbuf_in(arena, URL_MAX);
    PQconninfoOption *known = PQconndefaults();
    if (!known) {
        return false;
    }
    strbuf_add(&left, url, query ? (size_t)(query - url) : strlen(url));
    char mark = '?';
    for (const char *p = query ? query + 1 : ""; *p;) {
        size_t length = strcspn(p, "&");
        size_t name = strcspn(p, "=&");
        if (known_to_libpq(known, p, name)) {
            strbuf_char(&left, mark);
            strbuf_add(&left, p, length);
            mark = '&';
        } else {
            add_setting(&more, p, length);
        }
        p += length + (p[length] == '&');
    }
    PQconninfoFree(known);
    *plain = strbuf_ok(&left) ? left.data : NULL;
    *settings = more.len && strbuf_ok(&more) ? more.data : "";
    return strbuf_ok(&left) && strbuf_ok(&more);
}

bool pg_url_names(const char *url, const char *keyword)
{
    char *error = NULL;
    bool named = false;
    PQconninfoOption *list = PQconninfoParse(url, &error);
    PQfreemem(error);
    for (PQconninfoOption *o = list; o && o->keyword; o++) {
        named = named || (o->val && *o->val && strcmp(o->keyword, keyword) == 0);
    }
    PQconninfoFree(list);
    return named;
}

bool pg_url_valid(const char *url)
{
    char *error = NULL; /* not shown: it may hold a piece of the password */
    PQconninfoOption *list = PQconninfoParse(url, &error);
    PQfreemem(error);
    bool valid = list != NULL;
    PQconninfoFree(list);
    return valid;
}

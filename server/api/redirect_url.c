/* redirect_url.c: addresses that browsers are sent to, see redirect_url.h. */
#include "api/redirect_url.h"

#include "api/call.h"

#include <stdlib.h>
#include <string.h>

enum { LOCATION_MAX = 1 << 20 };

/* As a form does: blanks as '+'. */
void redirect_url_add(struct strbuf *b, const char *key, const char *value)
{
    strbuf_str(b, b->len ? "&" : "");
    strbuf_str(b, key);
    strbuf_char(b, '=');
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~", (char)c)) {
            strbuf_char(b, (char)c);
        } else if (c == ' ') {
            strbuf_char(b, '+');
        } else {
            strbuf_printf(b, "%%%02X", c);
        }
    }
}

/* Names that clients take a session, a code or an error from. */
static bool is_ours(const char *key)
{
    static const char *const ours[] = {
        "access_token",      "code",          "error",      "error_code",
        "error_description", "expires_at",    "expires_in", "provider_refresh_token",
        "provider_token",    "refresh_token", "token_type",
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strcmp(key, ours[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *key_of(struct arena *arena, const char *pair, size_t len)
{
    const char *end = memchr(pair, '=', len);
    char *key = arena_strndup(arena, pair, end ? (size_t)(end - pair) : len);
    text_decode(key);
    return key;
}

static bool names_key(struct arena *arena, const char *pairs, const char *key)
{
    for (const char *p = pairs; p && *p;) {
        size_t len = strcspn(p, "&");
        if (strcmp(key_of(arena, p, len), key) == 0) {
            return true;
        }
        p += len;
        p += *p == '&';
    }
    return false;
}

struct pairs {
    const char **items;
    int count;
};

static void take(struct arena *arena, struct pairs *out, const char *query)
{
    for (const char *p = query; *p;) {
        size_t len = strcspn(p, "&");
        if (len) {
            out->items[out->count++] = arena_strndup(arena, p, len);
        }
        p += len;
        p += *p == '&';
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What a browser would turn into %XX. */
static void add_written(struct strbuf *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c >= 0x7F || strchr("\"<>", (char)c)) {
            strbuf_printf(b, "%%%02X", c);
        } else {
            strbuf_char(b, (char)c);
        }
    }
}

const char *redirect_url_with(struct arena *arena, const char *target, const char *query,
                              const char *fragment)
{
    size_t path = strcspn(target, "?#"), most = strlen(target) + (query ? strlen(query) : 0);
    const char *own = target[path] == '?'
                          ? arena_strndup(arena, target + path + 1, strcspn(target + path + 1, "#"))
                          : "";
    struct pairs all = { ARENA_ARRAY(arena, const char *, most + 1), 0 };
    take(arena, &all, own);
    int kept = 0;
    for (int i = 0; i < all.count; i++) {
        const char *key = key_of(arena, all.items[i], strlen(all.items[i]));
        if (!is_ours(key) && !names_key(arena, query, key) && !names_key(arena, fragment, key)) {
            all.items[kept++] = all.items[i];
        }
    }
    bool as_it_was = kept == all.count && !query;
    all.count = kept;
    if (query) {
        take(arena, &all, query);
        qsort(all.items, (size_t)all.count, sizeof *all.items, by_text);
    }
    struct strbuf b = strbuf_in(arena, LOCATION_MAX);
    add_written(&b, target, as_it_was ? strcspn(target, "#") : path);
    for (int i = 0; i < all.count && !as_it_was; i++) {
        strbuf_char(&b, i ? '&' : '?');
        add_written(&b, all.items[i], strlen(all.items[i]));
    }
    if (fragment) {
        strbuf_char(&b, '#');
        strbuf_str(&b, fragment);
    }
    return b.data ? b.data : "";
}

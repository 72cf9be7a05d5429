/* url_advice.c: words about patterns, see url_advice.h. */
#include "base/url_advice.h"

#include <string.h>

enum { HOST_MAX = 300 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const char *url_advice_never(struct arena *arena, const char *whole, const char *why)
{
    return arena_printf(arena, "the pattern %s is left out: %s", whole, why);
}

const char *url_advice_no_scheme(struct arena *arena, const char *whole)
{
    return arena_printf(arena, "the pattern %s is left out: it has no scheme; write https://%s",
                        whole, whole);
}

static bool has_only(struct url_part part, const char *set)
{
    for (size_t i = 0; i < part.len; i++) {
        if (!part.at[i] || !strchr(set, part.at[i])) {
            return false;
        }
    }
    return true;
}

/* A host without stars and sets must be one that url_read takes. */
static const char *plain_host(struct arena *arena, const char *whole, struct url_part host)
{
    struct url url;
    bool six = memchr(host.at, ':', host.len);
    const char *text =
        arena_printf(arena, six ? "http://[%.*s]/" : "http://%.*s/", (int)host.len, host.at);
    if (host.len > HOST_MAX || url_read(text, &url)) {
        return url_advice_never(arena, whole, "no host has such a name");
    }
    return url.host_kind == URL_HOST_NAME || url_is_loopback(&url)
               ? NULL
               : url_advice_never(arena, whole,
                                  "addresses are never allowed on the web, except "
                                  "this machine's, which always are; use a name");
}

const char *url_advice_host(struct arena *arena, const char *whole, struct url_part host)
{
    for (size_t i = 0; i < host.len; i++) {
        if ((unsigned char)host.at[i] >= 0x80) {
            return url_advice_never(arena, whole,
                                    "write the host as browsers do, with xn-- in its labels");
        }
    }
    if (!host.len) {
        return url_advice_never(arena, whole, "it names no host");
    }
    if (!has_only(host, LETTERS "0123456789-.:*?[]!\\")) {
        return url_advice_never(arena, whole, "no host has such a name");
    }
    if (has_only(host, LETTERS "0123456789-.:")) {
        return plain_host(arena, whole, host);
    }
    bool digits = !has_only(host, ".*?");
    return digits && has_only(host, "0123456789.*?")
               ? url_advice_never(arena, whole,
                                  "addresses are never allowed on the web, except "
                                  "this machine's, which always are; use a name")
               : NULL;
}

/* Of a pattern that begins with stars for scheme and host. */
static const char *scheme_to_write(const char *whole)
{
    return strstr(whole, "://") ? "" : "https://";
}

const char *url_advice_wide(struct arena *arena, const char *whole, struct url_part host)
{
    size_t star = host.len, dots = 0;
    while (star > 0 && host.at[star - 1] != '*') {
        dots += host.at[--star] == '.';
    }
    struct url_part tail = { host.at + star, host.len - star };
    if (star == 0) {
        return NULL;
    }
    if (has_only(host, "*.")) {
        return url_advice_everywhere(arena, whole);
    }
    if (!tail.len) {
        return arena_printf(arena,
                            "the pattern %s allows names that anybody can have; write the "
                            "whole name of the host",
                            whole);
    }
    if (*tail.at == '.') {
        return dots > 1 || url_part_is(tail, ".localhost")
                   ? NULL
                   : arena_printf(arena,
                                  "the pattern %s allows every name under %.*s, which are "
                                  "anybody's; write whose it may be, such as "
                                  "https://*.example%.*s/**",
                                  whole, (int)tail.len, tail.at, (int)tail.len, tail.at);
    }
    return dots > 1 ? NULL
                    : arena_printf(arena,
                                   "the pattern %s also allows other people's names that "
                                   "end alike, such as not%.*s; write https://%.*s/** and "
                                   "https://*.%.*s/**",
                                   whole, (int)tail.len, tail.at, (int)tail.len, tail.at,
                                   (int)tail.len, tail.at);
}

const char *url_advice_open_host(struct arena *arena, const char *whole, struct url_part name,
                                 bool any_path, bool any_port)
{
    return arena_printf(arena,
                        "the pattern %s would also allow other hosts whose names begin like "
                        "it; it is read as, and should be written as, the host %.*s%s%s",
                        whole, (int)name.len, name.at, any_port ? ":*" : "",
                        any_path ? " with the path /**" : " without these stars");
}

const char *url_advice_scheme(struct arena *arena, const char *whole)
{
    return arena_printf(arena,
                        "in the pattern %s the star before :// stands for http and https "
                        "only; give apps' schemes a pattern each",
                        whole);
}

const char *url_advice_half(struct arena *arena, const char *whole)
{
    return arena_printf(arena,
                        "the pattern %s has no scheme and is read as of http and https; "
                        "write %s%s",
                        whole, scheme_to_write(whole), whole);
}

const char *url_advice_everywhere(struct arena *arena, const char *whole)
{
    return arena_printf(arena,
                        "the pattern %s allows every site of the web: anybody can have "
                        "people and their sessions sent to theirs; write the hosts, such as "
                        "https://app.example.com/**",
                        whole);
}

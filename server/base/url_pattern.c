/* url_pattern.c: reads and matches patterns of URLs, see url_pattern.h. */
#include "base/url_pattern.h"

#include "base/url_advice.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATTERN_MAX = 800, DEPTH_MAX = 8 };

struct reader {
    struct arena *arena;
    struct url_pattern *out;
    int *count;
    int room;
    const char *whole; /* as the setting has it */
    const char **advice;
};

static struct url_part rest_of(struct url_part p, size_t from)
{
    return (struct url_part){ p.at + from, p.len - from };
}

static struct url_part first_of(struct url_part p, size_t len)
{
    return (struct url_part){ p.at, len };
}

static bool ends_in(struct url_part p, const char *end)
{
    size_t len = strlen(end);
    return p.len >= len && memcmp(p.at + p.len - len, end, len) == 0;
}

/* The first advice counts. */
static void advise(struct reader *r, const char *advice)
{
    if (!*r->advice) {
        *r->advice = advice;
    }
}

/* Depth of braces at the end; negative: one too many is closed. */
static int open_braces(struct url_part p, bool *closed)
{
    int depth = 0;
    for (size_t i; depth >= 0 && (i = url_glob_find(p, "{}", closed)) < p.len;) {
        depth += p.at[i] == '{' ? 1 : -1;
        p = rest_of(p, i + 1);
    }
    return depth;
}

bool url_pattern_closed(const char *text)
{
    bool closed = true;
    return open_braces((struct url_part){ text, strlen(text) }, &closed) == 0 && closed;
}

/* --- one pattern without braces --- */

/* The port behind the host; rest_of it is what the host has. */
static struct url_part take_port(struct url_part *host)
{
    size_t colon = host->len, at = 0;
    bool address = host->len && *host->at == '[' && memchr(host->at, ':', host->len) &&
                   memchr(host->at, ']', host->len);
    if (address) {
        at = (size_t)((const char *)memchr(host->at, ']', host->len) - host->at) + 1;
    }
    while (at < host->len) {
        size_t next = at + url_glob_find(rest_of(*host, at), ":", NULL);
        colon = next < host->len ? next : colon;
        at = next + 1;
    }
    struct url_part port =
        colon < host->len ? rest_of(*host, colon + 1) : (struct url_part){ NULL, 0 };
    *host = first_of(*host, colon);
    if (address && host->len > 2 && host->at[host->len - 1] == ']') {
        *host = (struct url_part){ host->at + 1, host->len - 2 };
    }
    return port;
}

/* Is it this machine, by name? Any port is meant where stars go on behind it. */
static bool is_this_machine(struct url_part host)
{
    return url_part_is(host, "localhost") || url_part_is(host, "127.0.0.1");
}

/* "example.com**" and "example.com*" would also be names that begin like it; the rest of the URL
 * is meant. */
static void close_host(struct reader *r, struct url_pattern *p, struct url_part *host,
                       struct url_part path)
{
    struct url_part name = *host;
    while (ends_in(name, "*")) {
        name.len--;
    }
    if (name.len == host->len || !name.len || ends_in(name, ".") || ends_in(name, "\\")) {
        return;
    }
    p->any_path = p->any_path || (!path.len && ends_in(*host, "**"));
    p->any_port = p->any_port || is_this_machine(name);
    *host = name;
    advise(r, url_advice_open_host(r->arena, r->whole, name, p->any_path, p->any_port));
}

/* The port's own pattern. */
static struct url_part read_port_of(struct url_pattern *p, struct url_part port, bool path)
{
    p->own_port = !port.at;
    p->any_path = p->any_path || (!path && ends_in(port, "**"));
    p->any_port = p->any_port || url_part_is(port, "*") || url_part_is(port, "**");
    if (ends_in(port, "**")) { /* "3000**" is the port 3000 */
        port.len -= 2;
    }
    return port;
}

/* Host, perhaps port, perhaps path. */
static bool read_place(struct reader *r, struct url_pattern *p, struct url_part rest, bool web)
{
    size_t slash = url_glob_find(rest, "/", NULL);
    struct url_part host = first_of(rest, slash), path = rest_of(rest, slash);
    struct url_part given = host, port = take_port(&host); /* which leaves the host alone */
    p->authority = true;
    if (memchr(given.at, '@', given.len)) {
        advise(r, url_advice_never(r->arena, r->whole, "a user's name is never allowed in a URL"));
        return false;
    }
    bool anywhere = !path.len && url_part_is(host, "**");
    if (!path.len && !port.at && ends_in(host, "**") && (anywhere || !web)) {
        p->any_path = true;
        p->any_port = anywhere;
    }
    p->port = url_glob_read(r->arena, read_port_of(p, port, path.len > 0));
    if (web) {
        const char *never = url_advice_host(r->arena, r->whole, host);
        if (never) {
            advise(r, never);
            return false;
        }
        if (!port.at) {
            close_host(r, p, &host, path);
        }
        advise(r, url_advice_wide(r->arena, r->whole, host));
    }
    p->host = url_glob_read(r->arena, host);
    bool root = web && !path.len;
    p->path = url_glob_read(r->arena, root ? (struct url_part){ "/", 1 } : path);
    return true;
}

static void read_scheme(struct reader *r, struct url_pattern *p, struct url_part scheme, bool *web)
{
    p->scheme = url_glob_read(r->arena, scheme);
    p->web_only = !url_glob_is_plain(&p->scheme);
    *web = p->web_only || url_default_port(scheme);
    if (url_part_is(scheme, "*") || url_part_is(scheme, "**")) {
        advise(r, url_advice_scheme(r->arena, r->whole));
    }
}

/* As in "**.example.com": the stars stand for the scheme, too. */
static bool read_without_scheme(struct reader *r, struct url_pattern *p, struct url_part text)
{
    if (text.len < 2 || memcmp(text.at, "**", 2) != 0) {
        advise(r, url_advice_no_scheme(r->arena, r->whole));
        return false;
    }
    p->web_only = true;
    p->scheme = url_glob_read(r->arena, (struct url_part){ "*", 1 });
    if (url_part_is(text, "**")) {
        advise(r, url_advice_everywhere(r->arena, r->whole));
    }
    bool read = read_place(r, p, text, true);
    advise(r, read ? url_advice_half(r->arena, r->whole) : NULL);
    return read;
}

static bool read_one(struct reader *r, struct url_pattern *p, struct url_part text)
{
    bool web;
    size_t colon = url_glob_find(text, ":", NULL);
    struct url_part scheme = first_of(text, colon), rest = rest_of(text, colon);
    *p = (struct url_pattern){ 0 };
    if (url_glob_find(text, "#", NULL) < text.len) {
        advise(r, url_advice_never(r->arena, r->whole,
                                   "what is behind \"#\" is never compared; leave it out"));
        return false;
    }
    if (rest.len && url_scheme_is_no_place(scheme)) {
        advise(r, url_advice_never(r->arena, r->whole, "nobody is ever sent to such a scheme"));
        return false;
    }
    bool placed = rest.len >= 3 && memcmp(rest.at, "://", 3) == 0;
    if (!placed && (rest.len < 2 || strchr("0123456789*", rest.at[1])) &&
        !(rest.len == 3 && memcmp(rest.at, ":**", 3) == 0)) {
        return read_without_scheme(r, p, text);
    }
    read_scheme(r, p, scheme, &web);
    rest = rest_of(rest, placed ? 3 : 1);
    if (placed) {
        return read_place(r, p, rest, web);
    }
    p->any_place = p->any_path = url_part_is(rest, "**");
    p->path = url_glob_read(r->arena, rest);
    return true;
}

/* --- braces --- */

static void read_all(struct reader *r, const char *text, int depth)
{
    struct url_part p = { text, strlen(text) };
    size_t open = url_glob_find(p, "{", NULL), start = open + 1;
    if (*r->count >= r->room || depth > DEPTH_MAX || p.len > PATTERN_MAX) {
        advise(r, url_advice_never(r->arena, r->whole,
                                   "it is too long or its braces stand for too much"));
        return;
    }
    if (open == p.len) {
        *r->count += read_one(r, &r->out[*r->count], p);
        return;
    }
    size_t end = open + 1;
    size_t commas[URL_PATTERN_ALTERNATIVES + 1];
    int n = 0;
    for (int level = 1; level && n < URL_PATTERN_ALTERNATIVES; end++) {
        end += url_glob_find(rest_of(p, end), "{},", NULL);
        level += p.at[end] == '{' ? 1 : p.at[end] == '}' ? -1 : 0;
        if (!level || (level == 1 && p.at[end] == ',')) {
            commas[n++] = end;
        }
    }
    for (int i = 0; i < n; start = commas[i++] + 1) {
        read_all(r,
                 arena_printf(r->arena, "%.*s%.*s%s", (int)open, text, (int)(commas[i] - start),
                              text + start, text + end),
                 depth + 1);
    }
}

void url_pattern_read(struct arena *arena, const char *text, struct url_pattern *out, int *count,
                      const char **advice)
{
    struct reader r = { arena, out, count, *count + URL_PATTERN_ALTERNATIVES, text, advice };
    *advice = NULL;
    if (!url_pattern_closed(text)) {
        *advice = url_advice_never(arena, text, "a bracket or brace is not closed");
        return;
    }
    read_all(&r, text, 0);
}

/* --- matching --- */

static bool part_fits(const struct url_glob *glob, struct url_part part, bool any_case,
                      size_t *steps)
{
    return url_glob_matches(
        glob, &(struct glob_text){ .text = part, .any_case = any_case, .mark = SIZE_MAX }, steps);
}

static bool port_fits(const struct url_pattern *p, const struct url *url, size_t *steps)
{
    char digits[16];
    if (p->any_port) {
        return true;
    }
    if (p->own_port) {
        return url->port == url_default_port(url->scheme);
    }
    int len = snprintf(digits, sizeof digits, "%d", url->port);
    return url->port && part_fits(&p->port, (struct url_part){ digits, (size_t)len }, false, steps);
}

static bool path_fits(const struct url_pattern *p, const struct url *url, size_t *steps)
{
    struct glob_text text = { .text = url->path,
                              .slash = url->web && !url->path.len,
                              .mark = SIZE_MAX };
    if (url->query.at) {
        text.mark = url->path.len + text.slash;
        text.text.len += 1 + url->query.len; /* the query follows the path and its mark */
    }
    return p->any_path || url_glob_matches(&p->path, &text, steps);
}

static bool fits(const struct url_pattern *p, const struct url *url, size_t *steps)
{
    if (!part_fits(&p->scheme, url->scheme, true, steps) ||
        (p->web_only && !url_part_is(url->scheme, "http") && !url_part_is(url->scheme, "https"))) {
        return false;
    }
    if (p->any_place) {
        return true;
    }
    return p->authority == url->authority && part_fits(&p->host, url->host, url->web, steps) &&
           (!p->authority || port_fits(p, url, steps)) && path_fits(p, url, steps);
}

bool url_patterns_match(const struct url_patterns *patterns, const struct url *url, size_t *steps)
{
    for (int i = 0; i < patterns->count; i++) {
        if (fits(&patterns->items[i], url, steps)) {
            return true;
        }
    }
    return false;
}

/* fuzz_redirect.c: the first line as a pattern, the second as a redirect target. What is allowed is
 * of a host that the parts of the text alone name, matching costs pattern times target at most, and
 * the address that a browser gets is one that is read again as the same place. For libFuzzer
 * (script/fuzz), and, linked with replay.c, an ordinary test over the corpus. */
#include "api/redirect_url.h"
#include "base/url_pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void hold(bool what)
{
    if (!what) {
        abort();
    }
}

static bool same(struct url_part a, struct url_part b)
{
    return a.len == b.len && (!a.len || memcmp(a.at, b.at, a.len) == 0);
}

/* scheme, host and port say where one goes, and nothing of the rest may. */
static void look_at(struct arena *arena, const char *text, const struct url *url)
{
    size_t head = strcspn(text, "/?#");
    hold(!strchr(text, '\\') && strpbrk(text, "\t\r\n") == NULL);
    hold(url->scheme.at == text && text[url->scheme.len] == ':' && head > url->scheme.len);
    for (size_t i = 0; i < url->host.len; i++) {
        hold((unsigned char)url->host.at[i] < 0x80 && !strchr("@%/?# ", url->host.at[i]));
    }
    hold(url->port >= 0 && url->port <= 65535);
    struct url again;
    const char *there = redirect_url_with(arena, text, "code=1", "a=b");
    hold(url_read(there, &again) == URL_FINE);
    hold(same(url->scheme, again.scheme) && same(url->host, again.host) && url->port == again.port);
    for (const char *p = there; *p; p++) {
        hold(*p > ' ' && (unsigned char)*p < 0x7F);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena *arena = arena_new();
    const char *pattern = arena_strndup(arena, (const char *)bytes, len), *advice;
    const char *line = strchr(pattern, '\n'), *text = line ? line + 1 : "";
    size_t most = line ? (size_t)(line - pattern) : strlen(pattern), steps = 0;
    struct url_pattern *all = ARENA_ARRAY(arena, struct url_pattern, URL_PATTERN_ALTERNATIVES);
    struct url_patterns patterns = { all, 0 };
    struct url url;
    url_pattern_read(arena, arena_strndup(arena, pattern, most), all, &patterns.count, &advice);
    hold(patterns.count <= URL_PATTERN_ALTERNATIVES);
    hold(patterns.count > 0 || advice);
    if (url_read(text, &url) == URL_FINE && strlen(text) <= 2048) {
        look_at(arena, text, &url);
        (void)url_patterns_match(&patterns, &url, &steps);
        hold(steps <= (size_t)patterns.count * (most + 2) * (strlen(text) + 32));
    }
    arena_free(&arena);
    return 0;
}

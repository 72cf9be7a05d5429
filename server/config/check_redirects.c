/* check_redirects.c: reads the patterns of GOTRUE_URI_ALLOW_LIST, once, and says which of them
 * allow nothing or too much. One that cannot be read keeps nobody out of a server that ran with it
 * yesterday: it is left out. Called by check.c. */
#include "base/strbuf.h"
#include "config/check.h"

#include <string.h>

enum { PATTERNS_MAX = 4000, TEXT_MAX = 1 << 16 };

static const char *trimmed(struct arena *arena, const char *text)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len && strchr(blanks, text[len - 1])) {
        len--;
    }
    return arena_strndup(arena, text, len);
}

/* The list is cut at each comma; those within braces are part of a pattern. */
static const char *pattern_at(struct arena *arena, const struct text_list *list, int *i)
{
    const char *first = list->items[*i];
    struct strbuf b = strbuf_in(arena, TEXT_MAX);
    strbuf_str(&b, first);
    for (int n = *i; !url_pattern_closed(b.data) && ++n < list->count;) {
        strbuf_char(&b, ',');
        strbuf_str(&b, list->items[n]);
        if (strbuf_ok(&b) && url_pattern_closed(b.data)) {
            *i = n;
            return trimmed(arena, b.data);
        }
    }
    return trimmed(arena, first);
}

void check_redirects(struct arena *arena, struct config *c)
{
    const struct text_list *list = &c->site.uri_allow_list;
    int most = list->count * URL_PATTERN_ALTERNATIVES, count = 0, said = 0;
    most = most < PATTERNS_MAX ? most : PATTERNS_MAX;
    struct url_pattern *patterns =
        ARENA_ARRAY(arena, struct url_pattern, most + URL_PATTERN_ALTERNATIVES);
    const char **advice = ARENA_ARRAY(arena, const char *, list->count + 2);
    int i = 0;
    for (; i < list->count && count < PATTERNS_MAX; i++) {
        const char *text = pattern_at(arena, list, &i), *about = NULL;
        if (*text) {
            url_pattern_read(arena, text, patterns, &count, &about);
        }
        if (about) {
            advice[said++] = arena_printf(arena, "GOTRUE_URI_ALLOW_LIST: %s", about);
        }
    }
    if (i < list->count) {
        advice[said++] = "GOTRUE_URI_ALLOW_LIST: its patterns stand for more than 4000 addresses; "
                         "the last ones are left out";
    }
    struct url site;
    enum url_fault fault = url_read(c->site.url, &site);
    if (fault) {
        advice[said++] = "GOTRUE_SITE_URL is not written as browsers read it: people are sent "
                         "there, but no other path of it can be asked for";
    }
    c->redirect_patterns = (struct url_patterns){ patterns, count };
    c->redirect_advice = (struct text_list){ advice, said };
}

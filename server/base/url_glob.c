/* url_glob.c: reads and matches patterns, see url_glob.h. Matching keeps the set of all places in
 * the pattern where the text may be, so that stars do not multiply. */
#include "base/url_glob.h"

#include <stdint.h>
#include <string.h>

/* The bytes of the set at the beginning, with its brackets; 0: it is not closed. */
static size_t set_length(struct url_part p)
{
    size_t i = 1;
    i += i < p.len && p.at[i] == '!';
    i += i < p.len && p.at[i] == ']';
    while (i < p.len && p.at[i] != ']') {
        i++;
    }
    return i < p.len ? i + 1 : 0;
}

size_t url_glob_find(struct url_part p, const char *signs, bool *closed)
{
    for (size_t i = 0; i < p.len; i++) {
        struct url_part rest = { p.at + i, p.len - i };
        if (strchr(signs, p.at[i])) {
            return i;
        }
        size_t skipped = p.at[i] == '[' ? set_length(rest) : p.at[i] == '\\' ? 2 : 1;
        if (!skipped || skipped > rest.len) {
            if (closed) {
                *closed = false;
            }
            return p.len;
        }
        i += skipped - 1;
    }
    return p.len;
}

struct url_glob url_glob_read(struct arena *arena, struct url_part p)
{
    struct glob_item *items = ARENA_ARRAY(arena, struct glob_item, p.len + 1);
    int n = 0;
    for (size_t i = 0; i < p.len && n < URL_GLOB_ITEMS; n++) {
        struct glob_item *item = &items[n];
        struct url_part rest = { p.at + i, p.len - i };
        size_t set = p.at[i] == '[' ? set_length(rest) : 0;
        if (p.at[i] == '*') {
            bool all = rest.len > 1 && p.at[i + 1] == '*';
            item->kind = all ? GLOB_ALL : GLOB_STAR;
            i += all ? 2 : 1;
        } else if (p.at[i] == '?') {
            item->kind = GLOB_ONE;
            i++;
        } else if (set) {
            item->kind = GLOB_SET;
            item->negated = p.at[i + 1] == '!';
            item->set = (struct url_part){ p.at + i + 1 + item->negated, set - 2 - item->negated };
            i += set;
        } else {
            i += p.at[i] == '\\' && rest.len > 1;
            item->sign = p.at[i++];
        }
    }
    return (struct url_glob){ items, n };
}

bool url_glob_is_plain(const struct url_glob *glob)
{
    for (int i = 0; i < glob->count; i++) {
        if (glob->items[i].kind != GLOB_SIGN) {
            return false;
        }
    }
    return true;
}

static bool is_separator(char c)
{
    return c == '.' || c == '/';
}

static char folded(char c, bool any_case)
{
    return any_case && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool in_set(struct url_part set, char c, bool any_case)
{
    for (size_t i = 0; i < set.len; i++) {
        char low = set.at[i], high = low;
        if (i + 2 < set.len && set.at[i + 1] == '-') {
            high = set.at[i + 2];
            i += 2;
        }
        c = folded(c, any_case);
        if (c >= folded(low, any_case) && c <= folded(high, any_case)) {
            return true;
        }
    }
    return false;
}

/* Does an item that stands for one character take this one? */
static bool takes(const struct glob_item *item, char c, bool mark, bool any_case)
{
    switch (item->kind) {
    case GLOB_SIGN:
        return folded(item->sign, any_case) == folded(c, any_case);
    case GLOB_ONE:
        return !is_separator(c);
    case GLOB_SET:
        return item->negated ? !is_separator(c) && !mark && !in_set(item->set, c, any_case)
                             : in_set(item->set, c, any_case);
    case GLOB_STAR:
    case GLOB_ALL:
        break;
    }
    return false;
}

/* Does a star go on over this one? */
static bool goes_on(const struct url_glob *g, int i, char c, bool mark)
{
    enum glob_kind kind = g->items[i].kind;
    return mark ? i + 1 == g->count && (kind == GLOB_STAR || kind == GLOB_ALL)
                : kind == GLOB_ALL || (kind == GLOB_STAR && !is_separator(c));
}

/* A star may stand for nothing. */
static void close_over_stars(const struct url_glob *g, bool *at)
{
    for (int i = 0; i < g->count; i++) {
        bool star = g->items[i].kind == GLOB_STAR || g->items[i].kind == GLOB_ALL;
        at[i + 1] = at[i + 1] || (at[i] && star);
    }
}

bool url_glob_matches(const struct url_glob *g, const struct glob_text *text, size_t *steps)
{
    bool rooms[2][URL_GLOB_ITEMS + 1] = { { true } };
    bool *at = rooms[0], *next = rooms[1];
    size_t len = text->text.len + text->slash;
    close_over_stars(g, at);
    for (size_t t = 0; t < len; t++) {
        char c = text->slash && t == 0 ? '/' : text->text.at[t - text->slash];
        bool mark = t == text->mark;
        memset(next, 0, (size_t)g->count + 1);
        for (int i = 0; i < g->count; i++) {
            if (at[i]) {
                next[i] = next[i] || goes_on(g, i, c, mark);
                next[i + 1] = takes(&g->items[i], c, mark, text->any_case);
            }
        }
        close_over_stars(g, next);
        bool *previous = at;
        at = next;
        next = previous;
        if (steps) {
            *steps += (size_t)g->count;
        }
    }
    return at[g->count];
}

/* glob.c: matches patterns, see glob.h. */
#include "base/glob.h"

#include <string.h>

/* What a match may cost: the text comes from strangers, and stars multiply. A pattern and a text
 * that people write cost a thousandth of it; whatever costs more does not match. */
enum { STEPS = 300000 };

struct matcher {
    struct arena *arena;
    long left;
};

static bool match(struct matcher *m, const char *pattern, const char *text);

static bool separator(char c)
{
    return c == '.' || c == '/';
}

bool glob_valid(const char *p)
{
    int braces = 0;
    for (; *p; p++) {
        if (*p == '\\') {
            p++;
            if (!*p) {
                return false;
            }
        } else if (*p == '[') {
            p = strchr(p + 1 + (p[1] == '!') + (p[1] == ']'), ']');
            if (!p) {
                return false;
            }
        } else if (*p == '{') {
            braces++;
        } else if (*p == '}' && --braces < 0) {
            return false;
        }
    }
    return braces == 0;
}

/* The set that begins at *pattern ("[..]"); moves it behind. */
static bool in_set(const char **pattern, char c)
{
    const char *p = *pattern + 1;
    bool negated = *p == '!', found = false;
    p += negated;
    do {
        char low = *p++, high = low;
        if (p[0] == '-' && p[1] && p[1] != ']') {
            high = p[1];
            p += 2;
        }
        found = found || (c >= low && c <= high);
    } while (*p && *p != ']');
    *pattern = p + (*p == ']');
    return found != negated;
}

/* One after the other, each alternative of the "{..}" at p in place of it. */
static bool match_braces(struct matcher *m, const char *p, const char *text)
{
    const char *start = p + 1, *end = p;
    int depth = 0;
    do {
        depth += *end == '{' ? 1 : *end == '}' ? -1 : 0;
        end++;
    } while (depth > 0);
    for (const char *c = start; c < end; c++) {
        depth += *c == '{' ? 1 : *c == '}' && c + 1 < end ? -1 : 0;
        if ((*c == ',' && depth == 0) || c + 1 == end) {
            const char *tried = arena_printf(m->arena, "%.*s%s", (int)(c - start), start, end);
            m->left -= (long)strlen(tried);
            if (match(m, tried, text)) {
                return true;
            }
            start = c + 1;
        }
    }
    return false;
}

static bool match_run(struct matcher *m, const char *rest, const char *text, bool all)
{
    for (;; text++) {
        if (match(m, rest, text)) {
            return true;
        }
        if (m->left < 0 || !*text || (!all && separator(*text))) {
            return false;
        }
    }
}

static bool match(struct matcher *m, const char *pattern, const char *text)
{
    for (; *pattern; text++) {
        if (--m->left < 0) {
            return false;
        }
        if (*pattern == '*') {
            bool all = pattern[1] == '*';
            return match_run(m, pattern + 1 + all, text, all);
        }
        if (*pattern == '{') {
            return match_braces(m, pattern, text);
        }
        if (!*text) {
            return false;
        }
        if (*pattern == '[') {
            if (!in_set(&pattern, *text)) {
                return false;
            }
        } else if (*pattern == '?') {
            if (separator(*text)) {
                return false;
            }
            pattern++;
        } else {
            pattern += *pattern == '\\';
            if (*pattern++ != *text) {
                return false;
            }
        }
    }
    return !*text;
}

bool glob_match(struct arena *arena, const char *pattern, const char *text)
{
    struct matcher m = { .arena = arena, .left = STEPS };
    return match(&m, pattern, text);
}

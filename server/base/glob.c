/* glob.c: matches patterns, see glob.h. */
#include "base/glob.h"

#include <string.h>

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
static bool match_braces(struct arena *arena, const char *p, const char *text)
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
            const char *tried = arena_printf(arena, "%.*s%s", (int)(c - start), start, end);
            if (glob_match(arena, tried, text)) {
                return true;
            }
            start = c + 1;
        }
    }
    return false;
}

static bool match_run(struct arena *arena, const char *rest, const char *text, bool all)
{
    for (;; text++) {
        if (glob_match(arena, rest, text)) {
            return true;
        }
        if (!*text || (!all && separator(*text))) {
            return false;
        }
    }
}

bool glob_match(struct arena *arena, const char *pattern, const char *text)
{
    for (; *pattern; text++) {
        if (*pattern == '*') {
            bool all = pattern[1] == '*';
            return match_run(arena, pattern + 1 + all, text, all);
        }
        if (*pattern == '{') {
            return match_braces(arena, pattern, text);
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

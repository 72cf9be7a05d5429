/* url_glob.h: a pattern for one part of a URL: '*' any run without "." and "/", "**" any run, '?'
 * one character except those, "[abc]", "[a-z]", "[!a-z]", '\' takes a sign as it is. The query's
 * mark stands apart: only '?' and its own sign take it, and the star that ends a pattern. */
#ifndef COUNTERSIGN_BASE_URL_GLOB_H
#define COUNTERSIGN_BASE_URL_GLOB_H

#include "base/arena.h"
#include "base/url.h"

enum glob_kind { GLOB_SIGN, GLOB_ONE, GLOB_STAR, GLOB_ALL, GLOB_SET };

struct glob_item {
    enum glob_kind kind;
    char sign;
    bool negated;
    struct url_part set;
};

struct url_glob {
    const struct glob_item *items;
    int count;
};

enum { URL_GLOB_ITEMS = 1000 };

struct glob_text {
    struct url_part text;
    bool slash;    /* as if a "/" stood before it */
    bool any_case; /* of ASCII letters */
    size_t mark;   /* where the query's mark stands in it (the slash counts); SIZE_MAX: none */
};

/* The text (at most URL_GLOB_ITEMS bytes) must be closed: see url_glob_find. Stays as long as the
 * text of the part does. */
struct url_glob url_glob_read(struct arena *arena, struct url_part pattern);

/* Where the first of the signs stands outside of sets and not behind '\'; the length if nowhere.
 * A set or '\' that is not closed: *closed is false (NULL: not asked). */
size_t url_glob_find(struct url_part pattern, const char *signs, bool *closed);

/* Does it match the whole text? Costs items times bytes, whatever the pattern. Steps are added to
 * *steps (NULL: not counted). */
bool url_glob_matches(const struct url_glob *glob, const struct glob_text *text, size_t *steps);

/* Nothing but signs? */
bool url_glob_is_plain(const struct url_glob *glob);

#endif

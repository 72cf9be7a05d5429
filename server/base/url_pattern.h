/* url_pattern.h: which URLs a setting allows: scheme, host, port and path (with the query) have a
 * pattern each (url_glob.h) and are matched one by one, so that no star crosses from one into the
 * next. Read once, read-only afterwards. */
#ifndef COUNTERSIGN_BASE_URL_PATTERN_H
#define COUNTERSIGN_BASE_URL_PATTERN_H

#include "base/url_glob.h"

struct url_pattern {
    struct url_glob scheme, host, port, path;
    bool web_only;           /* a star in the scheme stands for http and https */
    bool any_place;          /* any host and port, or none */
    bool any_port, own_port; /* own_port: no port is written */
    bool any_path;
    bool authority;
};

struct url_patterns {
    const struct url_pattern *items;
    int count;
};

/* Most alternatives that the braces of one pattern may make. */
enum { URL_PATTERN_ALTERNATIVES = 64 };

/* All that one text stands for ("{a,b}" are several), added at the end of out, which has room for
 * URL_PATTERN_ALTERNATIVES more; *count is how many there are. What a person should know of it:
 * *advice, for one whose pattern matches nothing, or more or less than was likely meant; NULL else.
 * A pattern that matches nothing adds none. */
void url_pattern_read(struct arena *arena, const char *text, struct url_pattern *out, int *count,
                      const char **advice);

/* The text's braces are closed and it can be read? */
bool url_pattern_closed(const char *text);

bool url_patterns_match(const struct url_patterns *patterns, const struct url *url, size_t *steps);

#endif

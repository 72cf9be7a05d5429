/* html_context.h: follows a piece of HTML and tells where in it one stands, so that a value can be
 * written there safely. For template_fill.c. */
#ifndef COUNTERSIGN_DELIVER_HTML_CONTEXT_H
#define COUNTERSIGN_DELIVER_HTML_CONTEXT_H

#include "base/strbuf.h"

#include <stdbool.h>

enum html_place {
    HTML_TEXT,
    HTML_COMMENT,
    HTML_TAG_NAME,
    HTML_TAG, /* between attributes */
    HTML_ATTR_NAME,
    HTML_BEFORE_VALUE,
    HTML_VALUE, /* of an attribute */
    HTML_RAW,   /* inside script or style */
};

/* CONTENT_URLS: several addresses, with blanks or commas between them. CONTENT_SCRIPT: also what
 * may hold an address somewhere within other words, as of a refresh. */
enum html_content { CONTENT_PLAIN, CONTENT_URL, CONTENT_URLS, CONTENT_STYLE, CONTENT_SCRIPT };

enum { HTML_NAME = 24 };

struct html_context {
    enum html_place place;
    enum html_content content; /* of the attribute's value or of the raw element */
    char quote;                /* '"', '\'' or 0: the value is bare */
    enum { URL_SCHEME, URL_PATH, URL_QUERY } url; /* how far into an address */
    char scheme[HTML_NAME]; /* of the address so far, lower-case, cut; only in URL_SCHEME */
    unsigned scheme_len;
    bool mixed;  /* a value is part of that */
    bool unsafe; /* what is there already runs a script: nothing may be sent */
    char tag[HTML_NAME], name[HTML_NAME]; /* lower-case, cut */
    unsigned tag_len, name_len, run;      /* run: matched characters of "<!--", "-->" or "</tag" */
};

/* Goes over literal text. Sets unsafe where that and values before it together make a scheme that
 * runs scripts. */
void html_follow(struct html_context *c, const char *text, size_t len);

/* Writes a value at this place. false: no value can stand here. */
bool html_write_value(struct html_context *c, struct strbuf *out, const char *value);

#endif

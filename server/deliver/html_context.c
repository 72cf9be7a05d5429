/* html_context.c: where in a piece of HTML one stands, and what a value must look like there. See
 * html_context.h; the rules are those of Go's html/template, made stricter where simpler. */
#include "deliver/html_context.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FILTERED "ZgotmplZ" /* what Go writes where a value was not safe */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void name_add(char *name, unsigned *len, char c)
{
    if (*len < HTML_NAME - 1) {
        name[(*len)++] = (char)tolower((unsigned char)c);
        name[*len] = '\0';
    }
}

static bool name_in(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(name, *list) == 0) {
            return true;
        }
    }
    return false;
}

static enum html_content content_of(const char *tag, const char *name)
{
    static const char *const addresses[] = {
        "href",   "action",  "formaction", "cite",     "background", "poster",   "data", "longdesc",
        "usemap", "profile", "icon",       "manifest", "classid",    "codebase", NULL,
    };
    static const char *const animated[] = { "to", "from", "by", "values", NULL };
    const char *colon = strchr(name, ':');
    name = colon ? colon + 1 : name;
    name += strncmp(name, "data-", 5) == 0 ? 5 : 0;
    bool refresh = strcmp(tag, "meta") == 0 && strcmp(name, "content") == 0;
    if (strncmp(name, "on", 2) == 0 || strcmp(name, "srcdoc") == 0 || refresh) {
        return CONTENT_SCRIPT;
    }
    bool of_svg = strncmp(tag, "animate", 7) == 0 || strcmp(tag, "set") == 0;
    if (strstr(name, "srcset") || strcmp(name, "ping") == 0 || strcmp(name, "archive") == 0 ||
        (of_svg && name_in(name, animated))) {
        return CONTENT_URLS;
    }
    if (strcmp(name, "style") == 0) {
        return CONTENT_STYLE;
    }
    bool address = name_in(name, addresses) || strstr(name, "src") || strstr(name, "url") ||
                   strstr(name, "uri");
    return address ? CONTENT_URL : CONTENT_PLAIN;
}

static void end_tag(struct html_context *c)
{
    bool script = strcmp(c->tag, "script") == 0, style = strcmp(c->tag, "style") == 0;
    c->place = script || style ? HTML_RAW : HTML_TEXT;
    c->content = script ? CONTENT_SCRIPT : style ? CONTENT_STYLE : CONTENT_PLAIN;
    c->run = 0;
}

static void begin_url(struct html_context *c)
{
    c->url = URL_SCHEME;
    c->scheme_len = 0;
    c->scheme[0] = '\0';
    c->mixed = false;
}

static void begin_value(struct html_context *c)
{
    c->place = HTML_BEFORE_VALUE;
    c->content = content_of(c->tag, c->name);
    begin_url(c);
    c->quote = 0;
}

static void in_tag_name(struct html_context *c, char ch)
{
    if (!c->tag_len && !isalpha((unsigned char)ch) && !strchr("/!?", ch)) {
        c->place = ch == '<' ? HTML_TAG_NAME : HTML_TEXT;
    } else if (ch == '>') {
        end_tag(c);
    } else if (is_blank(ch) || (ch == '/' && c->tag_len)) {
        c->place = HTML_TAG;
        c->name_len = 0;
    } else {
        name_add(c->tag, &c->tag_len, ch);
        if (strcmp(c->tag, "!--") == 0) {
            c->place = HTML_COMMENT;
            c->run = 2;
        }
    }
}

static void in_tag(struct html_context *c, char ch)
{
    if (ch == '>') {
        end_tag(c);
    } else if (ch == '=' && c->name_len) {
        begin_value(c);
    } else if (is_blank(ch)) {
        c->place = HTML_TAG;
    } else if (ch == '/') {
        c->place = HTML_TAG;
        c->name_len = 0;
    } else {
        if (c->place == HTML_TAG) {
            c->name_len = 0;
        }
        c->place = HTML_ATTR_NAME;
        name_add(c->name, &c->name_len, ch);
    }
}

static bool runs_scripts(const char *scheme)
{
    static const char *const list[] = { "javascript", "vbscript", "data", "livescript", NULL };
    return name_in(scheme, list);
}

static void in_url(struct html_context *c, char ch)
{
    if (c->content == CONTENT_URLS && (is_blank(ch) || strchr(",;", ch))) {
        begin_url(c);
    } else if (ch == '?' || ch == '#') {
        c->url = URL_QUERY;
    } else if (c->url == URL_SCHEME && strchr("/:\\", ch)) {
        c->unsafe = c->unsafe || (c->mixed && ch == ':' && runs_scripts(c->scheme));
        c->content = ch == ':' && runs_scripts(c->scheme) ? CONTENT_SCRIPT : c->content;
        c->url = URL_PATH;
    } else if (c->url == URL_SCHEME && !is_blank(ch)) {
        name_add(c->scheme, &c->scheme_len, ch);
    }
}

static void in_value(struct html_context *c, char ch)
{
    if (c->quote ? ch == c->quote : is_blank(ch)) {
        c->place = HTML_TAG;
        c->name_len = 0;
    } else if (!c->quote && ch == '>') {
        end_tag(c);
    } else {
        in_url(c, ch);
    }
}

static void before_value(struct html_context *c, char ch)
{
    if (ch == '>') {
        end_tag(c);
    } else if (ch == '"' || ch == '\'') {
        c->place = HTML_VALUE;
        c->quote = ch;
    } else if (!is_blank(ch)) {
        c->place = HTML_VALUE;
        in_value(c, ch);
    }
}

/* Looks for "</script" or "</style". */
static void in_raw(struct html_context *c, char ch)
{
    char wanted = c->run == 0 ? '<' : c->run == 1 ? '/' : c->tag[c->run - 2];
    if (tolower((unsigned char)ch) != wanted) {
        c->run = ch == '<' ? 1 : 0;
    } else if (++c->run == c->tag_len + 2) {
        c->place = HTML_TAG;
        c->tag[0] = '/';
        c->name_len = 0;
    }
}

static void in_comment(struct html_context *c, char ch)
{
    if (ch == '>' && c->run >= 2) {
        c->place = HTML_TEXT;
    } else {
        c->run = ch == '-' ? c->run + 1 : 0;
    }
}

void html_follow(struct html_context *c, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (c->place) {
        case HTML_TEXT:
            if (text[i] == '<') {
                c->place = HTML_TAG_NAME;
                c->tag_len = 0;
            }
            break;
        case HTML_TAG_NAME:
            in_tag_name(c, text[i]);
            break;
        case HTML_TAG:
        case HTML_ATTR_NAME:
            in_tag(c, text[i]);
            break;
        case HTML_BEFORE_VALUE:
            before_value(c, text[i]);
            break;
        case HTML_VALUE:
            in_value(c, text[i]);
            break;
        case HTML_RAW:
            in_raw(c, text[i]);
            break;
        case HTML_COMMENT:
            in_comment(c, text[i]);
            break;
        }
    }
}

static void write_escaped(struct strbuf *out, const char *value, bool bare)
{
    for (const char *p = value; *p; p++) {
        if (*p == '&') {
            strbuf_str(out, "&amp;");
        } else if (*p == '<') {
            strbuf_str(out, "&lt;");
        } else if (*p == '>') {
            strbuf_str(out, "&gt;");
        } else if (*p == '"' || *p == '\'' || (bare && (is_blank(*p) || strchr("=`\v", *p)))) {
            strbuf_printf(out, "&#%d;", *p);
        } else {
            strbuf_char(out, *p);
        }
    }
}

/* The value's own scheme, if it has one, goes with what stands before it; without c nothing does.
 */
static const char *filter_scheme(struct html_context *c, const char *url)
{
    static const char *const allowed[] = { "http", "https", "mailto", NULL };
    size_t len = strcspn(url, ":/?#\\");
    char scheme[HTML_NAME] = "";
    unsigned n = 0;
    if (c) {
        memcpy(scheme, c->scheme, sizeof scheme);
        n = c->scheme_len;
    }
    for (size_t i = 0; i < len; i++) {
        name_add(scheme, &n, url[i]);
    }
    if (url[len] == ':' && !name_in(scheme, allowed)) {
        return "#" FILTERED;
    }
    if (c && url[len]) {
        c->url = url[len] == '?' || url[len] == '#' ? URL_QUERY : URL_PATH;
    } else if (c) {
        memcpy(c->scheme, scheme, sizeof scheme);
        c->scheme_len = n;
        c->mixed = true;
    }
    return url;
}

static bool is_hex_pair(const char *p)
{
    return isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]);
}

/* Percent-encodes; in the query everything but what is never reserved (RFC 3986 §2.3), before it
 * only what no URL may hold. */
static const char *encode_url(struct arena *arena, const char *value, bool query, bool listed)
{
    struct strbuf out = strbuf_in(arena, 8 * strlen(value) + 1);
    strbuf_str(&out, "");
    for (const char *p = value; *p; p++) {
        bool free = isalnum((unsigned char)*p) || strchr("-._~", *p);
        bool between = listed && strchr(",;", *p);
        bool kept =
            (strchr("!#$&*+,/:;=?@[]", *p) && !between) || (*p == '%' && is_hex_pair(p + 1));
        if ((free || (kept && !query)) && (unsigned char)*p < 0x80) {
            strbuf_char(&out, *p);
        } else {
            strbuf_printf(&out, "%%%02x", (unsigned)(unsigned char)*p);
        }
    }
    return out.data;
}

static const char *filter_style(const char *value)
{
    for (const char *p = value; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr(" #.,%_-", *p)) {
            return FILTERED;
        }
    }
    return value;
}

static bool write_in_attribute(struct html_context *c, struct strbuf *out, const char *value)
{
    if (c->content == CONTENT_SCRIPT) {
        return false;
    }
    if (c->content == CONTENT_STYLE) {
        value = filter_style(value);
    }
    if (c->content == CONTENT_URL || c->content == CONTENT_URLS) {
        bool query = c->url == URL_QUERY;
        value = c->url == URL_SCHEME ? filter_scheme(c, value) : value;
        value = encode_url(out->arena, value, query, c->content == CONTENT_URLS);
    }
    write_escaped(out, value, !c->quote);
    return true;
}

bool html_write_value(struct html_context *c, struct strbuf *out, const char *value)
{
    switch (c->place) {
    case HTML_TEXT:
        write_escaped(out, value, false);
        return true;
    case HTML_COMMENT: /* some mail programs read what is in a comment */
        write_escaped(out, filter_scheme(NULL, value), false);
        c->run = 0;
        return true;
    case HTML_BEFORE_VALUE:
        c->place = HTML_VALUE;
        return write_in_attribute(c, out, value);
    case HTML_VALUE:
        return write_in_attribute(c, out, value);
    case HTML_RAW:
        if (c->content == CONTENT_STYLE) {
            strbuf_str(out, filter_style(value));
            c->run = 0;
        }
        return c->content == CONTENT_STYLE;
    case HTML_TAG_NAME:
    case HTML_TAG:
    case HTML_ATTR_NAME:
        break;
    }
    return false;
}

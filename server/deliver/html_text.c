/* html_text.c: HTML to plain text, see html_text.h. Not a parser of all HTML: it never fails, and
 * what it does not know is left out. */
#include "deliver/html_text.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 8 << 20, TAG_MAX = 12, ENTITY_MAX = 10 };

struct reader {
    struct arena *arena;
    const char *p;
    struct strbuf out;
    int newlines; /* at the end of out */
    bool gap;     /* white space was seen */
    const char *href;
};

static const struct entity {
    const char *name, *text;
} entities[] = {
    { "amp", "&" },
    { "lt", "<" },
    { "gt", ">" },
    { "quot", "\"" },
    { "apos", "'" },
    { "nbsp", " " },
    { "ndash", "\xE2\x80\x93" },
    { "mdash", "\xE2\x80\x94" },
    { "hellip", "\xE2\x80\xA6" },
    { "copy", "\xC2\xA9" },
};

static void put(struct reader *r, const char *text, size_t len)
{
    if (r->gap && r->out.len && !r->newlines) {
        strbuf_char(&r->out, ' ');
    }
    strbuf_add(&r->out, text, len);
    r->gap = false;
    r->newlines = 0;
}

static void put_break(struct reader *r, int lines)
{
    while (r->out.len && r->newlines < lines) {
        strbuf_char(&r->out, '\n');
        r->newlines++;
    }
    r->gap = false;
}

static size_t encode_utf8(unsigned long code, char out[4])
{
    if (code < 0x20 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return 0;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = n; i-- > 1; code >>= 6) {
        out[i] = (char)(0x80 | (code & 0x3F));
    }
    out[0] = (char)(lead[n] | code);
    return n;
}

static unsigned long code_of(const char *p, size_t len)
{
    unsigned long code = 0, base = len && (*p == 'x' || *p == 'X') ? 16 : 10;
    for (size_t i = base == 16; i < len && code < 0x110000; i++) {
        int c = tolower((unsigned char)p[i]);
        int digit = isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' && base == 16 ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return 0;
        }
        code = code * base + (unsigned long)digit;
    }
    return code;
}

/* At '&': writes what it stands for and returns how many characters it took. */
static size_t read_entity(const char *p, char out[4], size_t *n)
{
    size_t len = strcspn(p + 1, "; <&\n");
    *n = 1;
    out[0] = '&';
    if (len > ENTITY_MAX || p[1 + len] != ';') {
        return 1;
    }
    if (p[1] == '#') {
        *n = encode_utf8(code_of(p + 2, len - 1), out);
        return len + 2;
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (strlen(entities[i].name) == len && strncmp(p + 1, entities[i].name, len) == 0) {
            *n = strlen(entities[i].text);
            memcpy(out, entities[i].text, *n);
            return len + 2;
        }
    }
    return 1;
}

static const char *decoded(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_alloc(arena, len + 1), *to = out;
    for (const char *p = text, *end = text + len; p < end;) {
        char bytes[4];
        size_t n = 1, taken = 1;
        bytes[0] = *p;
        if (*p == '&') {
            taken = read_entity(p, bytes, &n);
        }
        if (p + taken > end) {
            break;
        }
        memcpy(to, bytes, n);
        to += n;
        p += taken;
    }
    return out;
}

static bool is_tag(const char *tag, const char *list)
{
    size_t len = strlen(tag);
    for (const char *p = list; p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (strncmp(p, tag, len) == 0 && (p[len] == ' ' || !p[len])) {
            return true;
        }
    }
    return false;
}

/* The href of the tag that ends at end. */
static const char *href_of(struct reader *r, const char *from, const char *end)
{
    const char *p = from;
    while (p < end && strncasecmp(p, "href=", 5) != 0) {
        p++;
    }
    if (p >= end) {
        return NULL;
    }
    p += 5;
    char quote = *p == '"' || *p == '\'' ? *p++ : ' ';
    const char *stop = memchr(p, quote, (size_t)(end - p));
    return decoded(r->arena, p, (size_t)((stop ? stop : end) - p));
}

/* To after "</tag". */
static void skip_element(struct reader *r, const char *tag)
{
    size_t len = strlen(tag);
    for (; *r->p; r->p++) {
        if (r->p[0] == '<' && r->p[1] == '/' && strncasecmp(r->p + 2, tag, len) == 0) {
            return;
        }
    }
}

/* At '<' of a tag. */
static void read_tag(struct reader *r)
{
    char tag[TAG_MAX] = "";
    bool closes = r->p[1] == '/';
    const char *name = r->p + 1 + closes, *end = strchr(name, '>');
    for (size_t i = 0; i < TAG_MAX - 1 && isalnum((unsigned char)name[i]); i++) {
        tag[i] = (char)tolower((unsigned char)name[i]);
    }
    if (!end) {
        r->p += strlen(r->p);
        return;
    }
    r->p = end + 1;
    if (!closes && is_tag(tag, "script style title head")) {
        skip_element(r, tag);
    } else if (is_tag(tag, "p h1 h2 h3 h4 h5 h6 table ul ol blockquote")) {
        put_break(r, 2);
    } else if (is_tag(tag, "br div tr li hr")) {
        put_break(r, 1);
    } else if (is_tag(tag, "td th")) {
        r->gap = true;
    } else if (strcmp(tag, "a") == 0 && !closes) {
        r->href = href_of(r, name, end);
    } else if (strcmp(tag, "a") == 0 && r->href) {
        r->gap = true;
        put(r, "<", 1);
        put(r, r->href, strlen(r->href));
        put(r, ">", 1);
        r->href = NULL;
    }
}

const char *html_to_text(struct arena *arena, const char *html)
{
    struct reader r = { .arena = arena, .p = html, .out = strbuf_in(arena, TEXT_MAX) };
    strbuf_str(&r.out, "");
    while (*r.p) {
        char bytes[4] = { *r.p };
        size_t n = 1;
        if (strncmp(r.p, "<!--", 4) == 0) {
            const char *end = strstr(r.p + 4, "-->");
            r.p = end ? end + 3 : r.p + strlen(r.p);
        } else if (*r.p == '<' && (isalpha((unsigned char)r.p[1]) || strchr("/!?", r.p[1]))) {
            read_tag(&r);
        } else if (isspace((unsigned char)*r.p)) {
            r.gap = true;
            r.p++;
        } else {
            r.p += *r.p == '&' ? read_entity(r.p, bytes, &n) : 1;
            put(&r, bytes, n);
        }
    }
    put_break(&r, 1);
    return strbuf_ok(&r.out) ? r.out.data : "";
}

/* mime.c: headers, quoted-printable and dates of mails, see mime.h. */
#include "deliver/mime.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "crypto/base64.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    PLAIN_MAX = 200,  /* a plain value longer than this is encoded, so that it can be folded */
    WORD_BYTES = 42,  /* of text in an encoded word: 75 characters with its frame */
    LINE_MAX_QP = 75, /* and a soft break */
    VALUE_MAX = 4000,
};

bool mime_address_ok(const char *address)
{
    const char *at = strrchr(address, '@');
    size_t len = strlen(address);
    if (!at || at == address || !at[1] || len > 320 || !utf8_valid(address, len)) {
        return false;
    }
    for (const unsigned char *p = (const unsigned char *)address; *p; p++) {
        if (*p <= ' ' || *p == 0x7f || strchr("<>,;:()[]\\\"", *p)) {
            return false;
        }
    }
    return true;
}

static bool is_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < ' ' || *p >= 0x7f) {
            return false;
        }
    }
    return strlen(text) <= PLAIN_MAX && !strstr(text, "=?");
}

/* Without control characters, as valid UTF-8, bounded. */
static const char *cleaned(struct arena *arena, const char *value)
{
    size_t len = strlen(value);
    if (!utf8_valid(value, len)) {
        return "";
    }
    len = utf8_prefix(value, VALUE_MAX);
    char *out = arena_alloc(arena, len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c >= ' ' && c != 0x7f) {
            *to++ = value[i];
        } else if (to > out && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    return out;
}

static void write_words(struct strbuf *out, const char *text)
{
    for (const char *p = text; *p;) {
        size_t len = utf8_prefix(p, WORD_BYTES);
        strbuf_printf(out, "%s=?utf-8?b?%s?=", p == text ? "" : "\r\n ",
                      base64_encode(out->arena, p, len));
        p += len;
    }
}

void mime_header(struct strbuf *out, const char *name, const char *value)
{
    const char *text = cleaned(out->arena, value);
    strbuf_printf(out, "%s: ", name);
    if (is_plain(text)) {
        strbuf_str(out, text);
    } else {
        write_words(out, text);
    }
    strbuf_str(out, "\r\n");
}

void mime_mailbox(struct strbuf *out, const char *name, const char *display, const char *address)
{
    const char *text = cleaned(out->arena, display ? display : "");
    strbuf_printf(out, "%s: ", name);
    if (!*text) {
        strbuf_printf(out, "%s\r\n", address);
        return;
    }
    if (is_plain(text)) {
        strbuf_char(out, '"');
        for (const char *p = text; *p; p++) {
            strbuf_str(out, *p == '"' || *p == '\\' ? "\\" : "");
            strbuf_char(out, *p);
        }
        strbuf_char(out, '"');
    } else {
        write_words(out, text);
    }
    strbuf_printf(out, " <%s>\r\n", address);
}

/* How the byte is written: itself or "=XX". */
static bool needs_code(const char *p, bool starts_line)
{
    unsigned char c = (unsigned char)*p;
    bool ends_line = p[1] == '\n' || p[1] == '\r' || !p[1];
    return c == '=' || c >= 0x7f || (c < ' ' && c != '\t') ||
           ((c == ' ' || c == '\t') && ends_line) || (starts_line && c == '.');
}

void mime_quoted_printable(struct strbuf *out, const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\r' && p[1] == '\n') {
            continue;
        }
        if (*p == '\n') {
            strbuf_str(out, "\r\n");
            column = 0;
            continue;
        }
        bool code = needs_code(p, column == 0);
        if (column + (code ? 3 : 1) > LINE_MAX_QP) {
            strbuf_str(out, "=\r\n");
            column = 0;
            code = needs_code(p, true);
        }
        if (code) {
            strbuf_printf(out, "=%02X", (unsigned)(unsigned char)*p);
        } else {
            strbuf_char(out, *p);
        }
        column += code ? 3 : 1;
    }
    if (column) {
        strbuf_str(out, "\r\n");
    }
}

char *mime_date(int64_t at_us, char out[MIME_DATE])
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t at_s = (time_t)(at_us / US_PER_S);
    struct tm t = { 0 };
    gmtime_r(&at_s, &t);
    snprintf(out, MIME_DATE, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[t.tm_wday % 7],
             t.tm_mday % 100, months[t.tm_mon % 12], (t.tm_year + 1900) % 10000, t.tm_hour % 100,
             t.tm_min % 100, t.tm_sec % 100);
    return out;
}

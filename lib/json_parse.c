/* JSON text as jansson's values (RFC 8259). jansson's own parser leaves pieces of tokens behind in
 * the memory it frees, cannot tell want of memory from a broken text, and takes no integer beyond
 * 64 bits; here each string goes through one buffer, which is wiped, straight into its value. */
#include "json.h"

#include "buf.h"
#include "mem.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 400 }; /* what a thread of 128 KiB, musl's default, has room for */

struct parser {
    const char *at;
    const char *end;
    struct csi_buf text; /* of the string or number that is read */
    bool no_memory;
};

static json_t *value(struct parser *parser, int depth);

/* What jansson makes, or a note that it had no memory. */
static json_t *made(struct parser *parser, json_t *json)
{
    parser->no_memory = parser->no_memory || json == NULL;
    return json;
}

static void blanks(struct parser *parser)
{
    while (parser->at < parser->end && memchr(" \t\r\n", *parser->at, 4) != NULL) {
        parser->at++;
    }
}

static bool take(struct parser *parser, char c)
{
    bool there = parser->at < parser->end && *parser->at == c;
    parser->at += there;
    return there;
}

static bool word(struct parser *parser, const char *text)
{
    size_t size = strlen(text);
    bool there = (size_t)(parser->end - parser->at) >= size && memcmp(parser->at, text, size) == 0;
    parser->at += there ? size : 0;
    return there;
}

static void begin_text(struct parser *parser)
{
    csi_wipe(parser->text.data, parser->text.size);
    parser->text.size = 0;
    csi_buf_add(&parser->text, "", 0);
}

/* Four hexadecimal digits; -1 if they are none. */
static long hex4(struct parser *parser)
{
    static const char digits[] = "0123456789abcdef";
    long number = 0;
    for (int i = 0; i < 4; i++) {
        char c = parser->at < parser->end ? *parser->at++ : '\0';
        c = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        const char *digit = memchr(digits, c, 16);
        if (digit == NULL) {
            return -1;
        }
        number = number << 4 | (digit - digits);
    }
    return number;
}

static void add_utf8(struct csi_buf *buf, unsigned long code)
{
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = size - 1; i > 0; i--, code >>= 6) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
    }
    bytes[0] = (char)(lead[size] | code);
    csi_buf_add(buf, bytes, size);
}

/* What follows a backslash. A NUL and halves of surrogate pairs are no text. */
static bool escape(struct parser *parser)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (take(parser, 'u')) {
        long code = hex4(parser);
        if (code >= 0xd800 && code <= 0xdbff && word(parser, "\\u")) {
            long low = hex4(parser);
            code = low >= 0xdc00 && low <= 0xdfff
                       ? 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00))
                       : -1;
        }
        if (code <= 0 || (code >= 0xd800 && code <= 0xdfff)) {
            return false;
        }
        add_utf8(&parser->text, (unsigned long)code);
        return true;
    }
    const char *found = parser->at < parser->end ? memchr(from, *parser->at, 8) : NULL;
    if (found == NULL) {
        return false;
    }
    parser->at++;
    csi_buf_add(&parser->text, &to[found - from], 1);
    return true;
}

/* Into parser->text. */
static bool string(struct parser *parser)
{
    begin_text(parser);
    if (!take(parser, '"')) {
        return false;
    }
    while (parser->at < parser->end && *parser->at != '"') {
        size_t length = csi_utf8_length(parser->at, (size_t)(parser->end - parser->at));
        if (length == 0 || (unsigned char)*parser->at < 0x20) {
            return false;
        }
        if (*parser->at == '\\') {
            parser->at++;
            if (!escape(parser)) {
                return false;
            }
        } else {
            csi_buf_add(&parser->text, parser->at, length);
            parser->at += length;
        }
    }
    parser->no_memory = parser->no_memory || parser->text.failure != CSI_BUF_OK;
    return take(parser, '"') && !parser->no_memory;
}

static size_t digits(struct parser *parser)
{
    const char *begin = parser->at;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9') {
        parser->at++;
    }
    return (size_t)(parser->at - begin);
}

/* Moves over a number; *whole: it has neither fraction nor exponent. */
static bool over_number(struct parser *parser, bool *whole)
{
    (void)take(parser, '-');
    if (!take(parser, '0') && digits(parser) == 0) {
        return false;
    }
    const char *end = parser->at;
    if (take(parser, '.') && digits(parser) == 0) {
        return false;
    }
    if (take(parser, 'e') || take(parser, 'E')) {
        (void)(take(parser, '+') || take(parser, '-'));
        if (digits(parser) == 0) {
            return false;
        }
    }
    *whole = parser->at == end;
    return true;
}

/* The point that strtod() wants in this thread's locale, as snprintf() writes it: localeconv() may
 * be overwritten by another thread. */
static void add_point(struct csi_buf *text)
{
    char half[16];
    int size = snprintf(half, sizeof half, "%.1f", 0.5); /* "0", the point, "5" */
    csi_buf_add(text, half + 1, (size_t)size - 2);
}

static json_t *real(struct parser *parser, const char *begin)
{
    begin_text(parser);
    for (; begin < parser->at; begin++) {
        if (*begin == '.') {
            add_point(&parser->text);
        } else {
            csi_buf_add(&parser->text, begin, 1);
        }
    }
    if (parser->text.failure != CSI_BUF_OK) {
        parser->no_memory = true;
        return NULL;
    }
    double number = strtod(parser->text.data, NULL);
    return isfinite(number) ? made(parser, json_real(number)) : NULL;
}

static json_t *number(struct parser *parser)
{
    const char *begin = parser->at;
    bool whole = false;
    char text[24];
    if (!over_number(parser, &whole)) {
        return NULL;
    }
    size_t size = (size_t)(parser->at - begin);
    if (whole && size < sizeof text) {
        memcpy(text, begin, size);
        text[size] = '\0';
        errno = 0;
        long long integer = strtoll(text, NULL, 10);
        if (errno == 0) {
            return made(parser, json_integer(integer));
        }
    }
    return real(parser, begin);
}

/* Puts a member in; of two with the same name the later one counts. Takes over the value. */
static bool put(struct parser *parser, json_t *object, const char *key, json_t *member)
{
    csi_json_wipe(json_object_get(object, key));
    if (json_object_set_nocheck(object, key, member) != 0) {
        parser->no_memory = true;
        csi_json_free(member);
        return false;
    }
    json_decref(member);
    return true;
}

static bool member(struct parser *parser, json_t *object, int depth)
{
    blanks(parser);
    if (!string(parser)) {
        return false;
    }
    char *key = csi_text_copy(parser->text.data);
    if (key == NULL) {
        parser->no_memory = true;
        return false;
    }
    blanks(parser);
    json_t *json = take(parser, ':') ? value(parser, depth) : NULL;
    bool good = json != NULL && put(parser, object, key, json);
    csi_text_free(key);
    return good;
}

static bool element(struct parser *parser, json_t *array, int depth)
{
    json_t *json = value(parser, depth);
    if (json != NULL && json_array_append(array, json) != 0) {
        parser->no_memory = true;
        csi_json_free(json);
        return false;
    }
    json_decref(json);
    return json != NULL;
}

/* An object or an array, after the opening bracket. */
static json_t *container(struct parser *parser, char close, int depth)
{
    json_t *json = made(parser, close == '}' ? json_object() : json_array());
    blanks(parser);
    if (json == NULL || take(parser, close)) {
        return json;
    }
    bool good;
    do {
        good = close == '}' ? member(parser, json, depth) : element(parser, json, depth);
    } while (good && take(parser, ','));
    if (good && take(parser, close)) {
        return json;
    }
    csi_json_free(json);
    return NULL;
}

static json_t *value(struct parser *parser, int depth)
{
    json_t *json = NULL;
    blanks(parser);
    if (take(parser, '{')) {
        json = depth < DEPTH_MAX ? container(parser, '}', depth + 1) : NULL;
    } else if (take(parser, '[')) {
        json = depth < DEPTH_MAX ? container(parser, ']', depth + 1) : NULL;
    } else if (parser->at < parser->end && *parser->at == '"') {
        if (string(parser)) {
            json = made(parser, json_stringn_nocheck(parser->text.data, parser->text.size));
        }
    } else if (word(parser, "true")) {
        json = json_true();
    } else if (word(parser, "false")) {
        json = json_false();
    } else if (word(parser, "null")) {
        json = json_null();
    } else {
        json = number(parser);
    }
    blanks(parser);
    return json;
}

enum csi_json_result csi_json_parse(const char *text, size_t size, json_t **out)
{
    text = text == NULL ? "" : text;
    struct parser parser = { .at = text, .end = text + size };
    csi_buf_init(&parser.text, size + 64); /* a locale's point may be longer than a dot */
    *out = value(&parser, 0);
    if (*out != NULL && parser.at != parser.end) {
        csi_json_free(*out);
        *out = NULL;
    }
    csi_buf_free(&parser.text);
    return *out != NULL ? CSI_JSON_OK : parser.no_memory ? CSI_JSON_NO_MEMORY : CSI_JSON_BAD;
}

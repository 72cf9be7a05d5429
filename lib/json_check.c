/* Whether a text is JSON (RFC 8259), found out without memory. Where an allocation fails inside its
 * scanner, jansson says "invalid token": this tells that from a text that really is broken. */
#include "json_check.h"

#include <string.h>

enum { DEPTH_MAX = 1000 };

struct cursor {
    const char *at;
    const char *end;
};

static bool value(struct cursor *cursor, int depth);

static void blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && memchr(" \t\r\n", *cursor->at, 4) != NULL) {
        cursor->at++;
    }
}

static bool take(struct cursor *cursor, char c)
{
    bool there = cursor->at < cursor->end && *cursor->at == c;
    cursor->at += there;
    return there;
}

static bool word(struct cursor *cursor, const char *text)
{
    size_t size = strlen(text);
    bool there = (size_t)(cursor->end - cursor->at) >= size && memcmp(cursor->at, text, size) == 0;
    cursor->at += there ? size : 0;
    return there;
}

static size_t digits(struct cursor *cursor)
{
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        cursor->at++;
    }
    return (size_t)(cursor->at - begin);
}

static bool number(struct cursor *cursor)
{
    (void)take(cursor, '-');
    if (!take(cursor, '0') && digits(cursor) == 0) {
        return false;
    }
    if (take(cursor, '.') && digits(cursor) == 0) {
        return false;
    }
    if (take(cursor, 'e') || take(cursor, 'E')) {
        (void)(take(cursor, '+') || take(cursor, '-'));
        return digits(cursor) > 0;
    }
    return true;
}

static bool escape(struct cursor *cursor)
{
    if (take(cursor, 'u')) {
        for (int i = 0; i < 4; i++, cursor->at++) {
            if (cursor->at == cursor->end ||
                memchr("0123456789abcdefABCDEF", *cursor->at, 22) == NULL) {
                return false;
            }
        }
        return true;
    }
    bool good = cursor->at < cursor->end && memchr("\"\\/bfnrt", *cursor->at, 8) != NULL;
    cursor->at += good;
    return good;
}

static bool string(struct cursor *cursor)
{
    if (!take(cursor, '"')) {
        return false;
    }
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if ((unsigned char)*cursor->at < 0x20) {
            return false;
        }
        bool escaped = *cursor->at++ == '\\';
        if (escaped && !escape(cursor)) {
            return false;
        }
    }
    return take(cursor, '"');
}

/* The members of an object or the elements of an array, after the opening bracket. */
static bool members(struct cursor *cursor, char close, int depth)
{
    blanks(cursor);
    if (take(cursor, close)) {
        return true;
    }
    do {
        blanks(cursor);
        if (close == '}') {
            bool key = string(cursor);
            blanks(cursor);
            if (!key || !take(cursor, ':')) {
                return false;
            }
        }
        if (!value(cursor, depth)) {
            return false;
        }
    } while (take(cursor, ','));
    return take(cursor, close);
}

static bool value(struct cursor *cursor, int depth)
{
    bool good;
    char close;
    blanks(cursor);
    if (depth == DEPTH_MAX || cursor->at == cursor->end) {
        return false;
    }
    switch (*cursor->at) {
    case '{':
    case '[':
        close = *cursor->at++ == '{' ? '}' : ']';
        good = members(cursor, close, depth + 1);
        break;
    case '"':
        good = string(cursor);
        break;
    case 't':
        good = word(cursor, "true");
        break;
    case 'f':
        good = word(cursor, "false");
        break;
    case 'n':
        good = word(cursor, "null");
        break;
    default:
        good = number(cursor);
    }
    blanks(cursor);
    return good;
}

bool csi_json_is_valid(const char *text, size_t size)
{
    struct cursor cursor = {.at = text, .end = text + size};
    return value(&cursor, 0) && cursor.at == cursor.end;
}

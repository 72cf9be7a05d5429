/* db_postgres_json.c: jsonb as PostgreSQL prints it (", " and ": ", keys by their length) in the
 * form of our answers and of stored text: compact, keys sorted, see json_write. Nearly all of it is
 * rearranged here without being read into values; what holds anything unusual (an escape, a
 * character to be escaped, a number that is no small integer, many members) takes the long way.
 * For db_postgres_rows.c. */
#include "base/json.h"
#include "store/db_postgres.h"

#include <string.h>

enum { MEMBERS = 32, DEPTH = 8, DIGITS = 18 };

struct member {
    const char *key, *value, *end; /* from quote to behind the value */
    size_t key_length;             /* with both quotes */
};

/* Behind the string, number, word, object or array that begins at p; NULL: take the long way. */
static const char *string_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        if (strchr("\\<>&\xE2", *p)) { /* E2 begins U+2028 */
            return NULL;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *word_end(const char *p, const char *end)
{
    size_t digits = *p == '-' ? 1 : 0;
    if (*p >= 'a' && *p <= 'z') {
        while (p < end && *p >= 'a' && *p <= 'z') {
            p++;
        }
        return p;
    }
    while (p + digits < end && p[digits] >= '0' && p[digits] <= '9') {
        digits++;
    }
    const char *after = p + digits;
    bool whole = digits && digits <= DIGITS && (after == end || strchr(",]}", *after));
    return whole ? after : NULL;
}

static const char *value_end(const char *p, const char *end)
{
    int depth = 0;
    do {
        if (p >= end) {
            return NULL;
        }
        if (*p == '{' || *p == '[' || *p == '}' || *p == ']') {
            depth += *p == '{' || *p == '[' ? 1 : -1;
            p++;
        } else if (*p == '"') {
            p = string_end(p, end);
        } else if (*p == ',' || *p == ':' || *p == ' ') {
            p++;
        } else {
            p = word_end(p, end);
        }
    } while (p && depth);
    return p;
}

/* Puts it where its key belongs. */
static void insert(struct member *list, int n, struct member m)
{
    while (n > 0) {
        const struct member *before = &list[n - 1];
        size_t least = before->key_length < m.key_length ? before->key_length : m.key_length;
        int order = memcmp(before->key, m.key, least - 1); /* without the closing quote */
        if (order < 0 || (order == 0 && before->key_length <= m.key_length)) {
            break;
        }
        list[n] = list[n - 1];
        n--;
    }
    list[n] = m;
}

/* The members of an object, or the items of an array, from behind its bracket; -1: the long way. */
static int read_members(const char *p, const char *end, bool object, struct member *list)
{
    int n = 0;
    while (p < end && *p != '}' && *p != ']') {
        struct member m = { .key = p };
        const char *key_end = object ? string_end(p, end) : p;
        if (n == MEMBERS || !key_end || end - key_end < 2) {
            return -1;
        }
        m.key_length = (size_t)(key_end - p);
        m.value = object ? key_end + 2 : p;
        m.end = value_end(m.value, end);
        if (!m.end || m.end >= end) {
            return -1;
        }
        if (object) {
            insert(list, n, m);
        } else {
            list[n] = m;
        }
        n++;
        p = *m.end == ',' ? m.end + 2 : m.end;
    }
    return n;
}

static char *append(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

/* Writes the value in [p, end) and returns behind what was written; NULL: the long way. It never
 * gets longer. */
static char *rearrange(const char *p, const char *end, char *to, int depth)
{
    struct member list[MEMBERS];
    bool object = *p == '{';
    if (!object && *p != '[') {
        return append(to, p, (size_t)(end - p));
    }
    int n = depth < DEPTH ? read_members(p + 1, end, object, list) : -1;
    if (n < 0) {
        return NULL;
    }
    *to++ = *p;
    for (int i = 0; i < n && to; i++) {
        if (i) {
            *to++ = ',';
        }
        if (object) {
            to = append(to, list[i].key, list[i].key_length);
            *to++ = ':';
        }
        to = rearrange(list[i].value, list[i].end, to, depth + 1);
    }
    if (to) {
        *to++ = object ? '}' : ']';
    }
    return to;
}

const char *pg_json_text(struct arena *arena, const char *text, size_t length)
{
    const char *wrong;
    char *out = arena_alloc(arena, length + 1);
    char *end = length && value_end(text, text + length) == text + length
                    ? rearrange(text, text + length, out, 0)
                    : NULL;
    if (end) {
        *end = '\0';
        return out;
    }
    const struct json_t *value = json_read(arena, text, length, &wrong);
    struct strbuf b = strbuf_in(arena, 6 * length + 64); /* an escape is six bytes */
    if (value) {
        json_write(&b, value);
    }
    return value && b.data && strbuf_ok(&b) ? b.data : arena_strndup(arena, text, length);
}

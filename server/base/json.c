/* json.c: jansson behind json.h. */
#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE_MAX = 64 << 20 };

static void release(void *value)
{
    json_decref(value);
}

/* Our own words: jansson's quote the text. */
static const char *fault_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "duplicate key";
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_stack_overflow:
        return "nested too deeply";
    case json_error_numeric_overflow:
        return "number out of range";
    default:
        return "invalid syntax";
    }
}

const struct json_t *json_read(struct arena *arena, const char *text, size_t len,
                               const char **detail)
{
    json_error_t error;
    if (!len) {
        *detail = "unexpected end of JSON input";
        return NULL;
    }
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *value = json_loadb(text, len, flags, &error);
    if (!value && json_error_code(&error) == json_error_numeric_overflow) {
        /* An integer beyond 64 bits, as PostgreSQL writes 1e30: all numbers as reals, then. */
        value = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    if (!value) {
        *detail = arena_printf(arena, "%s at byte %d", fault_of(&error), error.position);
        return NULL;
    }
    arena_defer(arena, release, value);
    return value;
}

enum json_kind json_kind_of(const struct json_t *value)
{
    if (!value) {
        return KIND_NULL;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return KIND_OBJECT;
    case JSON_ARRAY:
        return KIND_ARRAY;
    case JSON_STRING:
        return KIND_STRING;
    case JSON_INTEGER:
        return KIND_INT;
    case JSON_REAL:
        return KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return KIND_BOOL;
    case JSON_NULL:
        break;
    }
    return KIND_NULL;
}

const struct json_t *json_member(const struct json_t *value, const char *key)
{
    const json_t *member = json_object_get(value, key);
    return json_is_null(member) ? NULL : member;
}

const struct json_t *json_member_or_null(const struct json_t *value, const char *key)
{
    return json_object_get(value, key);
}

const char *json_text(const struct json_t *value)
{
    return json_string_value(value);
}

const char *json_member_text(const struct json_t *value, const char *key)
{
    return json_text(json_member(value, key));
}

bool json_truth(const struct json_t *value)
{
    return json_is_true(value);
}

bool json_int(const struct json_t *value, int64_t *out)
{
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : NAN;
    if (!(real >= -9007199254740992.0 && real <= 9007199254740992.0) || floor(real) != real) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

bool json_double(const struct json_t *value, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value);
}

size_t json_count(const struct json_t *value)
{
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

const struct json_t *json_nth(const struct json_t *array, size_t i)
{
    return json_array_get(array, i);
}

bool json_each(const struct json_t *object, void **at, const char **key,
               const struct json_t **value)
{
    json_t *o = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const */
    *at = *at ? json_object_iter_next(o, *at) : json_object_iter(o);
    if (!*at) {
        return false;
    }
    *key = json_object_iter_key(*at);
    *value = json_object_iter_value(*at);
    return true;
}

void json_quote(struct strbuf *out, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    const char *from = text, *p = text;
    strbuf_char(out, '"');
    for (; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool separator = c == 0xE2 && (unsigned char)p[1] == 0x80 &&
                         ((unsigned char)p[2] == 0xA8 || (unsigned char)p[2] == 0xA9);
        if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7F &&
            !separator) {
            continue;
        }
        strbuf_add(out, from, (size_t)(p - from));
        if (separator) {
            strbuf_str(out, (unsigned char)p[2] == 0xA8 ? "\\u2028" : "\\u2029");
            p += 2;
        } else if (c == '"' || c == '\\') {
            strbuf_add(out, (char[]){ '\\', (char)c }, 2);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            strbuf_add(out, (char[]){ '\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't' }, 2);
        } else {
            strbuf_add(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
        }
        from = p + 1;
    }
    strbuf_add(out, from, (size_t)(p - from));
    strbuf_char(out, '"');
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_object(struct strbuf *out, const json_t *object)
{
    size_t n = 0;
    const char **keys = ARENA_ARRAY(out->arena, const char *, json_object_size(object) + 1);
    void *at = NULL;
    const struct json_t *value;
    while (json_each(object, &at, &keys[n], &value)) {
        n++;
    }
    qsort(keys, n, sizeof *keys, by_name);
    strbuf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i) {
            strbuf_char(out, ',');
        }
        json_quote(out, keys[i]);
        strbuf_char(out, ':');
        json_write(out, json_object_get(object, keys[i]));
    }
    strbuf_char(out, '}');
}

static void write_array(struct strbuf *out, const json_t *array)
{
    strbuf_char(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i) {
            strbuf_char(out, ',');
        }
        json_write(out, json_array_get(array, i));
    }
    strbuf_char(out, ']');
}

/* The shortest decimals that read back as the same number. */
static void write_real(struct strbuf *out, double real)
{
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        if (strtod(text, NULL) == real) {
            break;
        }
    }
    strbuf_str(out, text);
}

void json_write(struct strbuf *out, const struct json_t *value)
{
    switch (json_kind_of(value)) {
    case KIND_OBJECT:
        write_object(out, value);
        break;
    case KIND_ARRAY:
        write_array(out, value);
        break;
    case KIND_STRING:
        json_quote(out, json_string_value(value));
        break;
    case KIND_INT:
        strbuf_int(out, json_integer_value(value));
        break;
    case KIND_REAL:
        write_real(out, json_real_value(value));
        break;
    case KIND_BOOL:
        strbuf_str(out, json_is_true(value) ? "true" : "false");
        break;
    case KIND_NULL:
        strbuf_str(out, "null");
        break;
    }
}

const char *json_merged(struct arena *arena, const char *stored, const struct json_t *patch)
{
    const char *detail;
    const json_t *old = stored ? json_read(arena, stored, strlen(stored), &detail) : NULL;
    if (stored && *stored && !old) {
        return stored;
    }
    json_t *merged = json_is_object(old) ? json_copy((json_t *)(uintptr_t)old) : json_object();
    void *at = NULL;
    const char *key;
    const struct json_t *value;
    while (json_each(patch, &at, &key, &value)) {
        if (json_is_null(value)) {
            json_object_del(merged, key);
        } else {
            json_object_set(merged, key, (json_t *)(uintptr_t)value);
        }
    }
    struct strbuf text = strbuf_in(arena, WRITE_MAX);
    json_write(&text, merged);
    json_decref(merged);
    return text.data ? text.data : "{}";
}

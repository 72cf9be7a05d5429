/* json.h: reading and writing JSON; the only file beside json.c that knows what library does it.
 * Reading is strict: UTF-8, no duplicate keys, no NUL in strings, a bounded depth. JSON null means
 * absent. Values live as long as the arena that they were read into. */
#ifndef COUNTERSIGN_BASE_JSON_H
#define COUNTERSIGN_BASE_JSON_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct json_t; /* a value; opaque */

enum json_kind {
    KIND_NULL,
    KIND_BOOL,
    KIND_INT,
    KIND_REAL,
    KIND_STRING,
    KIND_ARRAY,
    KIND_OBJECT,
};

/* Reads a whole document of any kind; NULL on error, with *detail (in the arena) saying what is
 * wrong without quoting the text. */
const struct json_t *json_read(struct arena *arena, const char *text, size_t len,
                               const char **detail);

enum json_kind json_kind_of(const struct json_t *value);

/* A member of an object; NULL if it is absent or null, or if value is no object. */
const struct json_t *json_member(const struct json_t *value, const char *key);

/* The same, but a null is given as one: for what must tell it from an absent member. */
const struct json_t *json_member_or_null(const struct json_t *value, const char *key);

/* The text of a string, else NULL. */
const char *json_text(const struct json_t *value);

/* json_text(json_member(value, key)). */
const char *json_member_text(const struct json_t *value, const char *key);

bool json_truth(const struct json_t *value); /* of a boolean; false for all else */

/* The integer; false if the value is no integer (a real without fraction counts as one). */
bool json_int(const struct json_t *value, int64_t *out);

/* Any number as a double; false if it is none. */
bool json_double(const struct json_t *value, double *out);

/* Items of an array, members of an object; 0 for all else. */
size_t json_count(const struct json_t *value);
const struct json_t *json_nth(const struct json_t *array, size_t i);

/* Walks an object: start with *at = NULL; false at the end. */
bool json_each(const struct json_t *object, void **at, const char **key,
               const struct json_t **value);

/* Writes a value compactly: keys sorted, and '<', '>', '&', U+2028 and U+2029 in strings written
 * as \u00XX escapes (contract row W1). */
void json_write(struct strbuf *out, const struct json_t *value);

/* Writes text as a JSON string with quotes, escaped in the same way. */
void json_quote(struct strbuf *out, const char *text);

/* The stored object with the patch's members put over it key by key; a null member deletes its
 * key; nested objects are replaced whole. stored may be NULL, empty or no object: then {}. What
 * cannot be read at all is returned as it is: nobody's data are lost over a patch. */
const char *json_merged(struct arena *arena, const char *stored, const struct json_t *patch);

#endif

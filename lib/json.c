/* JSON as jansson's values. Allocation functions of jansson are process-wide, so the library leaves
 * them alone; instead strings are overwritten in place before a tree is freed, and text is written
 * straight into the library's own memory. */
#include "json.h"

#include "buf.h"
#include "mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a double holds exactly, and far enough from overflow that times may be added up. */
#define INT_LIMIT 9e15

void csi_json_wipe(json_t *json)
{
    const char *key;
    json_t *value;
    size_t index;
    if (json == NULL) {
        return;
    }
    switch (json_typeof(json)) {
    case JSON_STRING:
        csi_wipe((char *)(uintptr_t)json_string_value(json), json_string_length(json));
        break;
    case JSON_OBJECT:
        json_object_foreach(json, key, value)
        {
            csi_json_wipe(value);
        }
        break;
    case JSON_ARRAY:
        json_array_foreach(json, index, value)
        {
            csi_json_wipe(value);
        }
        break;
    default:
        break;
    }
}

void csi_json_free(json_t *json)
{
    if (json != NULL) {
        csi_json_wipe(json); /* recursion is bounded by the parser's limit on depth */
        json_decref(json);
    }
}

const char *csi_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool csi_json_int(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    double real = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(real > -INT_LIMIT && real < INT_LIMIT)) {
        return false;
    }
    *out = json_is_integer(value) ? json_integer_value(value) : (int64_t)real;
    return true;
}

bool csi_json_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

json_t *csi_json_object(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_object(value) ? value : NULL;
}

json_t *csi_json_array(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_array(value) ? value : NULL;
}

const char *csi_json_box_text(void *box, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return csi_box_text(box, json_string_value(value), json_string_length(value));
}

/* As few digits as say exactly this number. Whatever the locale puts between them becomes a dot. */
static void add_real(struct csi_buf *buf, double value)
{
    char text[64], json[64];
    size_t used = 0;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    for (const char *c = text; *c != '\0'; c++) {
        bool plain = strchr("0123456789+-e", *c) != NULL;
        if (plain || used == 0 || json[used - 1] != '.') {
            json[used++] = plain ? *c : '.';
        }
    }
    csi_buf_add(buf, json, used);
}

static void add_value(struct csi_buf *buf, const json_t *value);

static void add_members(struct csi_buf *buf, const json_t *object)
{
    const char *key;
    json_t *value;
    bool first = true;
    csi_buf_add(buf, "{", 1);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        csi_buf_add(buf, ",", !first);
        first = false;
        csi_buf_quoted(buf, key);
        csi_buf_add(buf, ":", 1);
        add_value(buf, value);
    }
    csi_buf_add(buf, "}", 1);
}

static void add_value(struct csi_buf *buf, const json_t *value)
{
    char digits[32];
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_members(buf, value);
        break;
    case JSON_ARRAY:
        csi_buf_add(buf, "[", 1);
        for (size_t i = 0; i < json_array_size(value); i++) {
            csi_buf_add(buf, ",", i > 0);
            add_value(buf, json_array_get(value, i));
        }
        csi_buf_add(buf, "]", 1);
        break;
    case JSON_STRING:
        csi_buf_quoted(buf, json_string_value(value));
        break;
    case JSON_INTEGER:
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        csi_buf_text(buf, digits);
        break;
    case JSON_REAL:
        add_real(buf, json_real_value(value));
        break;
    default:
        csi_buf_text(buf, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
    }
}

const char *csi_json_box_dump(void *box, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return "";
    }
    struct csi_buf text;
    csi_buf_init(&text, SIZE_MAX / 4);
    add_value(&text, value);
    if (text.failure != CSI_BUF_OK) {
        csi_box_fail(box);
    }
    const char *copy = csi_box_text(box, text.data, text.size);
    csi_buf_free(&text);
    return copy;
}

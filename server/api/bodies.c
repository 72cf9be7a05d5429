/* bodies.c: decodes JSON bodies by the tables that bodies.def makes, see bodies.h. */
#include "api/bodies.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BEGIN(body) static const struct body_field fields_##body[] = {
#define FIELD(body, type, name) { FIELD_##type, #name, offsetof(struct body_##body, name) },
#define SHAPE(body, optional, exact)                                                               \
    }                                                                                              \
    ;                                                                                              \
    const struct body_shape shape_##body = {                                                       \
        sizeof(struct body_##body), fields_##body,                                                 \
        (int)(sizeof fields_##body / sizeof fields_##body[0]), optional, exact                     \
    };
#define END(body) SHAPE(body, false, false)
#define END_OPTIONAL(body) SHAPE(body, true, false)
#define END_EXACT(body) SHAPE(body, false, true)
#include "api/bodies.def"
#undef BEGIN
#undef FIELD
#undef END
#undef END_OPTIONAL
#undef END_EXACT

const struct body_shape shape_none = { 0 };

static const char *put(const struct body_field *field, const struct json_t *value, char *body)
{
    void *to = body + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
        if (!json_text(value)) {
            return "must be a string";
        }
        *(const char **)to = json_text(value);
        return NULL;
    case FIELD_OBJECT:
        if (json_kind_of(value) != KIND_OBJECT) {
            return "must be an object";
        }
        *(const struct json_t **)to = value;
        return NULL;
    case FIELD_BOOL:
        if (json_kind_of(value) != KIND_BOOL) {
            return "must be true or false";
        }
        *(bool *)to = json_truth(value);
        return NULL;
    case FIELD_CHOICE:
        if (json_kind_of(value) != KIND_BOOL) {
            return "must be true or false";
        }
        *(enum choice *)to = json_truth(value) ? CHOICE_YES : CHOICE_NO;
        return NULL;
    case FIELD_ID:
        return uuid_parse(json_text(value), to) ? NULL : "must be a UUID";
    }
    return NULL;
}

/* Row W5: a key whose case differs counts where none is written as listed. Two such are one too
 * many. NULL: none. */
static const struct json_t *member_any_case(const struct json_t *root, const char *name,
                                            bool *twice)
{
    const struct json_t *found = json_member(root, name), *value;
    const char *key;
    for (void *at = NULL; json_each(root, &at, &key, &value);) {
        if (strcasecmp(key, name) == 0 && strcmp(key, name) != 0) {
            *twice = *twice || found;
            found = json_member(root, key);
        }
    }
    return found;
}

/* About how many values the text holds; it need not be JSON. */
static size_t values_in(const char *text, size_t len)
{
    size_t n = 1;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else {
            quoted = c == '"';
            n += c == ',' || c == '[' || c == '{';
        }
    }
    return n;
}

enum problem body_read(struct ctx *ctx, const char *text, size_t len, const struct json_t **out)
{
    const char *detail = "too many values";
    bool bounded = values_in(text, len) <= BODY_VALUES;
    *out = bounded ? json_read(ctx->arena, len ? text : "", len, &detail) : NULL;
    return *out ? P_OK : ctx_fail(ctx, P_BAD_JSON, detail);
}

enum problem body_decode(struct ctx *ctx, const struct body_shape *shape, const char *text,
                         size_t len, const void **out)
{
    char *body = arena_alloc(ctx->arena, shape->size);
    *out = body;
    if (!len && shape->optional) {
        return P_OK;
    }
    const struct json_t *root;
    enum problem problem = body_read(ctx, text, len, &root);
    if (problem) {
        return problem;
    }
    if (json_kind_of(root) != KIND_OBJECT && json_kind_of(root) != KIND_NULL) {
        return ctx_fail(ctx, P_BAD_JSON, "it must be an object");
    }
    for (int i = 0; i < shape->count; i++) {
        bool twice = false;
        const char *name = shape->fields[i].name;
        const struct json_t *value =
            shape->exact ? json_member(root, name) : member_any_case(root, name, &twice);
        const char *wrong = twice   ? "is there twice"
                            : value ? put(&shape->fields[i], value, body)
                                    : NULL;
        if (wrong) {
            return ctx_fail(ctx, P_BAD_JSON, arena_printf(ctx->arena, "%s %s", name, wrong));
        }
    }
    return P_OK;
}

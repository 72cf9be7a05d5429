/* bodies.c: decodes JSON bodies by the tables that bodies.def makes, see bodies.h. */
#include "api/bodies.h"

#include <stddef.h>
#include <string.h>

#define BEGIN(body) static const struct body_field fields_##body[] = {
#define FIELD(body, type, name) { FIELD_##type, #name, offsetof(struct body_##body, name) },
#define SHAPE(body, optional)                                                                      \
    }                                                                                              \
    ;                                                                                              \
    const struct body_shape shape_##body = {                                                       \
        sizeof(struct body_##body), fields_##body,                                                 \
        (int)(sizeof fields_##body / sizeof fields_##body[0]), optional                            \
    };
#define END(body) SHAPE(body, false)
#define END_OPTIONAL(body) SHAPE(body, true)
#include "api/bodies.def"
#undef BEGIN
#undef FIELD
#undef END
#undef END_OPTIONAL

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
    case FIELD_ID:
        return uuid_parse(json_text(value), to) ? NULL : "must be a UUID";
    }
    return NULL;
}

enum problem body_decode(struct ctx *ctx, const struct body_shape *shape, const char *text,
                         size_t len, const void **out)
{
    char *body = arena_alloc(ctx->arena, shape->size);
    *out = body;
    if (!len && shape->optional) {
        return P_OK;
    }
    const char *detail = NULL;
    const struct json_t *root = json_read(ctx->arena, len ? text : "", len, &detail);
    if (!root) {
        return ctx_fail(ctx, P_BAD_JSON, detail);
    }
    if (json_kind_of(root) != KIND_OBJECT && json_kind_of(root) != KIND_NULL) {
        return ctx_fail(ctx, P_BAD_JSON, "it must be an object");
    }
    for (int i = 0; i < shape->count; i++) {
        const struct json_t *value = json_member(root, shape->fields[i].name);
        const char *wrong = value ? put(&shape->fields[i], value, body) : NULL;
        if (wrong) {
            return ctx_fail(ctx, P_BAD_JSON,
                            arena_printf(ctx->arena, "%s %s", shape->fields[i].name, wrong));
        }
    }
    return P_OK;
}

/* bodies.h: the structs into which JSON bodies are decoded, made from bodies.def. */
#ifndef COUNTERSIGN_API_BODIES_H
#define COUNTERSIGN_API_BODIES_H

#include "base/ctx.h"
#include "base/json.h"
#include "base/uuid.h"

enum choice { CHOICE_ABSENT, CHOICE_NO, CHOICE_YES };

#define BODY_TYPE_TEXT const char * /* NULL if absent */
#define BODY_TYPE_OBJECT const struct json_t *
#define BODY_TYPE_BOOL bool
#define BODY_TYPE_CHOICE enum choice
#define BODY_TYPE_ID struct uuid /* nil if absent */

#define BEGIN(name) struct body_##name {
#define FIELD(body, type, name) BODY_TYPE_##type name;
#define END(name)                                                                                  \
    }                                                                                              \
    ;
#define END_OPTIONAL(name) END(name)
#define END_EXACT(name) END(name)
#include "api/bodies.def"
#undef BEGIN
#undef FIELD
#undef END
#undef END_OPTIONAL
#undef END_EXACT

enum field_type { FIELD_TEXT, FIELD_OBJECT, FIELD_BOOL, FIELD_CHOICE, FIELD_ID };

struct body_field {
    enum field_type type;
    const char *name;
    size_t offset;
};

struct body_shape {
    size_t size;
    const struct body_field *fields;
    int count;
    bool optional, exact;
};

#define BEGIN(name) extern const struct body_shape shape_##name;
#define FIELD(body, type, name)
#define END(name)
#define END_OPTIONAL(name)
#define END_EXACT(name)
#include "api/bodies.def"
#undef BEGIN
#undef FIELD
#undef END
#undef END_OPTIONAL
#undef END_EXACT

extern const struct body_shape shape_none; /* the body is not read */

/* A mebibyte of "{}" takes a hundred and more as a tree; no request needs so many. */
enum { BODY_VALUES = 10000 };

/* Reads any JSON of at most BODY_VALUES values. P_BAD_JSON says why not. */
enum problem body_read(struct ctx *ctx, const char *text, size_t len,
                       const struct json_t **out) MUST_CHECK;

/* Decodes JSON text into a fresh struct of the shape (rows W5, G10). */
enum problem body_decode(struct ctx *ctx, const struct body_shape *shape, const char *text,
                         size_t len, const void **out) MUST_CHECK;

#endif

/* cbor_cursor.c: libcbor's streaming decoder behind cbor_cursor.h. Its tree builder is not used:
 * it allocates what a head announces, and takes indefinite lengths and tags. */
#include "factor/webauthn/cbor_cursor.h"

#include <cbor.h>
#include <string.h>

enum { LEVELS_MAX = 4 }; /* CTAP 2.1 §8: nesting of canonical CBOR */

struct reading {
    struct item item;
    bool refused;
};

static void on_uint(struct reading *r, uint64_t n)
{
    r->refused = n > INT64_MAX;
    r->item = (struct item){ .kind = ITEM_INT, .number = r->refused ? 0 : (int64_t)n };
}

static void on_negative(struct reading *r, uint64_t n) /* n stands for -1 - n */
{
    r->refused = n > INT64_MAX;
    r->item = (struct item){ .kind = ITEM_INT, .number = r->refused ? 0 : -1 - (int64_t)n };
}

#define ON_NUMBER(width)                                                                           \
    static void on_uint##width(void *arg, uint##width##_t n)                                       \
    {                                                                                              \
        on_uint(arg, n);                                                                           \
    }                                                                                              \
    static void on_negative##width(void *arg, uint##width##_t n)                                   \
    {                                                                                              \
        on_negative(arg, n);                                                                       \
    }
ON_NUMBER(8)
ON_NUMBER(16)
ON_NUMBER(32)
ON_NUMBER(64)
#undef ON_NUMBER

static void on_bytes(void *arg, cbor_data bytes, size_t len)
{
    ((struct reading *)arg)->item = (struct item){ .kind = ITEM_BYTES, .bytes = bytes, .len = len };
}

static void on_text(void *arg, cbor_data bytes, size_t len)
{
    ((struct reading *)arg)->item = (struct item){ .kind = ITEM_TEXT, .bytes = bytes, .len = len };
}

static void on_many(struct reading *r, enum item_kind kind, size_t count)
{
    r->refused = count > INT32_MAX;
    r->item = (struct item){ .kind = kind, .number = r->refused ? 0 : (int64_t)count };
}

static void on_array(void *arg, size_t count)
{
    on_many(arg, ITEM_ARRAY, count);
}

static void on_map(void *arg, size_t count)
{
    on_many(arg, ITEM_MAP, count);
}

static void on_bool(void *arg, bool truth)
{
    ((struct reading *)arg)->item = (struct item){ .kind = ITEM_BOOL, .number = truth };
}

static void on_other(void *arg)
{
    ((struct reading *)arg)->item = (struct item){ .kind = ITEM_OTHER };
}

static void on_float(void *arg, float n)
{
    (void)n;
    on_other(arg);
}

static void on_double(void *arg, double n)
{
    (void)n;
    on_other(arg);
}

static void refuse(void *arg)
{
    ((struct reading *)arg)->refused = true;
}

static void refuse_tag(void *arg, uint64_t tag)
{
    (void)tag;
    refuse(arg);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negative8,
    .negint16 = on_negative16,
    .negint32 = on_negative32,
    .negint64 = on_negative64,
    .byte_string = on_bytes,
    .byte_string_start = refuse,
    .string = on_text,
    .string_start = refuse,
    .array_start = on_array,
    .indef_array_start = refuse,
    .map_start = on_map,
    .indef_map_start = refuse,
    .tag = refuse_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_other,
    .null = on_other,
    .boolean = on_bool,
    .indef_break = refuse,
};

bool cursor_next(struct cursor *c, struct item *out)
{
    struct reading r = { .refused = false };
    *out = (struct item){ .kind = ITEM_OTHER };
    if (!c->left) {
        return false;
    }
    struct cbor_decoder_result result = cbor_stream_decode(c->at, c->left, &callbacks, &r);
    if (result.status != CBOR_DECODER_FINISHED || r.refused || result.read > c->left) {
        return false;
    }
    c->at += result.read;
    c->left -= result.read;
    *out = r.item;
    switch (r.item.kind) { /* each item that is announced takes a byte or more */
    case ITEM_ARRAY:
        return (size_t)r.item.number <= c->left;
    case ITEM_MAP:
        return (size_t)r.item.number <= c->left / 2;
    default:
        return true;
    }
}

bool cursor_expect(struct cursor *c, enum item_kind kind, struct item *out)
{
    return cursor_next(c, out) && out->kind == kind;
}

static bool skip(struct cursor *c, int levels)
{
    struct item item;
    if (!cursor_next(c, &item)) {
        return false;
    }
    int64_t follow = item.kind == ITEM_ARRAY ? item.number
                     : item.kind == ITEM_MAP ? item.number * 2
                                             : 0;
    if ((item.kind == ITEM_ARRAY || item.kind == ITEM_MAP) && levels == 0) {
        return false;
    }
    for (; follow; follow--) {
        if (!skip(c, levels - 1)) {
            return false;
        }
    }
    return true;
}

bool cursor_skip(struct cursor *c)
{
    return skip(c, LEVELS_MAX);
}

bool item_is_text(const struct item *item, const char *text)
{
    return item->kind == ITEM_TEXT && item->len == strlen(text) &&
           memcmp(item->bytes, text, item->len) == 0;
}

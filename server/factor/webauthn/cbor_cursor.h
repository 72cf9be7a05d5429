/* cbor_cursor.h: reading CBOR in place, one item at a time, from bytes that nobody vouches for.
 * Allocates nothing: a length in the input never decides how much memory is asked for. Refuses
 * what CTAP2 canonical CBOR has not: indefinite lengths, tags, more than four levels. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_CBOR_CURSOR_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_CBOR_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *at;
    size_t left;
};

enum item_kind { ITEM_INT, ITEM_BYTES, ITEM_TEXT, ITEM_ARRAY, ITEM_MAP, ITEM_BOOL, ITEM_OTHER };

struct item {
    enum item_kind kind;
    int64_t number;       /* INT: value; BOOL: 0 or 1; ARRAY, MAP: items or pairs that follow */
    const uint8_t *bytes; /* BYTES, TEXT: within the input */
    size_t len;
};

/* Reads one head, with the payload of a string; the items of an array or map come next. false at
 * the end and for what is malformed or refused; the cursor is of no use then. */
bool cursor_next(struct cursor *cursor, struct item *out);

/* cursor_next() that fails unless the item is of that kind. */
bool cursor_expect(struct cursor *cursor, enum item_kind kind, struct item *out);

/* Passes over one whole item. */
bool cursor_skip(struct cursor *cursor);

bool item_is_text(const struct item *item, const char *text);

#endif

/* uuid.h: identifiers of 16 raw bytes (RFC 9562) and their one text form: lower-case hexadecimal
 * with hyphens. Text is read in the hyphenated form only, in either case (contract row B18). */
#ifndef COUNTERSIGN_BASE_UUID_H
#define COUNTERSIGN_BASE_UUID_H

#include "base/entropy.h"

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT = 37 }; /* with the NUL */

struct uuid {
    uint8_t bytes[16];
};

static const struct uuid uuid_nil = { { 0 } };

/* A random one (version 4). */
struct uuid uuid_v4(struct entropy *entropy);

/* One that sorts by time (version 7): for rows that are only ever appended. */
struct uuid uuid_v7(struct entropy *entropy, int64_t now_us);

/* false if the text is no UUID. */
bool uuid_parse(const char *text, struct uuid *out);

/* Writes the text form and returns out. */
char *uuid_format(const struct uuid *uuid, char out[UUID_TEXT]);

bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *uuid);

#endif

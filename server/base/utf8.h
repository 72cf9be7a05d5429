/* utf8.h: is a text well-formed UTF-8 (RFC 3629), without NUL? */
#ifndef COUNTERSIGN_BASE_UTF8_H
#define COUNTERSIGN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *text, size_t len);

/* The longest prefix of at most max bytes that does not cut a character. */
size_t utf8_prefix(const char *text, size_t max);

#endif

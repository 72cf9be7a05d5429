/* ct_equal.h: comparing secrets in constant time. */
#ifndef COUNTERSIGN_CRYPTO_CT_EQUAL_H
#define COUNTERSIGN_CRYPTO_CT_EQUAL_H

#include <stdbool.h>
#include <stddef.h>

/* Are the n bytes equal? The time taken depends on n alone. */
bool ct_equal(const void *a, const void *b, size_t n);

/* Are the texts equal? The time taken depends on the lengths alone. */
bool ct_equal_text(const char *a, const char *b);

#endif

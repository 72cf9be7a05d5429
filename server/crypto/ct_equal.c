/* ct_equal.c: comparing secrets in constant time, see ct_equal.h. OpenSSL's own comparison is
 * used because it is written so that compilers cannot turn it into an early exit. */
#include "crypto/ct_equal.h"

#include <openssl/crypto.h>
#include <string.h>

bool ct_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

bool ct_equal_text(const char *a, const char *b)
{
    size_t len = strlen(a);
    return strlen(b) == len && ct_equal(a, b, len);
}

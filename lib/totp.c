/* The code of an authenticator app (RFC 6238 over RFC 4226), for tests and for devices that hold
 * the secret themselves. */
#include "countersign.h"

#include "mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 128, STEP_S = 30, HASH_SIZE = 20 };

/* Base32 (RFC 4648 section 6) as people type it. Returns the number of bytes, 0 if it is none. */
static size_t base32(const char *text, unsigned char key[KEY_MAX])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    size_t size = 0;
    unsigned bits = 0;
    int count = 0;
    for (; *text != '\0' && *text != '='; text++) {
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        const char *digit = strchr(digits, c);
        if (c == ' ' || c == '-') {
            continue;
        }
        if (digit == NULL || size == KEY_MAX) {
            return 0;
        }
        bits = (bits << 5 | (unsigned)(digit - digits)) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            key[size++] = (unsigned char)(bits >> count);
        }
    }
    return text[strspn(text, "= ")] == '\0' ? size : 0;
}

/* RFC 4226 section 5.3. */
static unsigned truncate_hash(const unsigned char hash[HASH_SIZE])
{
    unsigned offset = hash[HASH_SIZE - 1] & 0xf;
    return ((hash[offset] & 0x7fu) << 24 | (unsigned)hash[offset + 1] << 16 |
            (unsigned)hash[offset + 2] << 8 | hash[offset + 3]) %
           1000000;
}

cs_status cs_totp_code(const char *secret, int64_t unix_time_s, char code[CS_TOTP_CODE_SIZE])
{
    unsigned char key[KEY_MAX], counter[8], hash[EVP_MAX_MD_SIZE];
    unsigned hash_size = 0;
    if (code == NULL) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    code[0] = '\0';
    size_t key_size = secret == NULL || unix_time_s < 0 ? 0 : base32(secret, key);
    if (key_size == 0) {
        csi_wipe(key, sizeof key);
        return CS_ERR_INVALID_ARGUMENT;
    }
    uint64_t step = (uint64_t)unix_time_s / STEP_S;
    for (int i = 7; i >= 0; i--) {
        counter[i] = (unsigned char)(step & 0xff);
        step >>= 8;
    }
    bool hashed =
        HMAC(EVP_sha1(), key, (int)key_size, counter, sizeof counter, hash, &hash_size) != NULL;
    csi_wipe(key, sizeof key);
    if (!hashed) {
        return CS_ERR_NO_MEMORY;
    }
    snprintf(code, CS_TOTP_CODE_SIZE, "%06u", truncate_hash(hash));
    csi_wipe(hash, sizeof hash);
    return CS_OK;
}

/* argon2.c: argon2i and argon2id hashes in the PHC text form, see password_forms.h. libargon2 does
 * the work (RFC 9106); the text is read here, because its own reader has no bounds on cost. */
#include "crypto/password_forms.h"

#include "crypto/base64.h"
#include "crypto/ct_equal.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <string.h>

enum {
    MEMORY_MAX_KIB = 1048576, /* accounts.md N6 */
    PASSES_MAX = 20,
    LANES_MAX = 16,
    KIB_PER_LANE = 8, /* RFC 9106 §3.1: at least 8 p */
    SALT_MIN = 8,
    SALT_MAX = 64,
    HASH_MIN = 12, /* what is shorter is too easily hit by chance */
    HASH_MAX = 128,
};

bool form_word(const char **at, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

bool form_number(const char **at, uint32_t max, uint32_t *out)
{
    const char *p = *at;
    uint64_t n = 0;
    if (*p < '1' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint64_t)(*p - '0');
        if (n > max) {
            return false;
        }
    }
    *at = p;
    *out = (uint32_t)n;
    return true;
}

bool argon2_read(struct arena *arena, const char *text, struct argon2_hash *out)
{
    const char *at = text;
    out->id = form_word(&at, "$argon2id$");
    if ((!out->id && !form_word(&at, "$argon2i$")) || !form_word(&at, "v=19$m=") ||
        !form_number(&at, MEMORY_MAX_KIB, &out->memory_kib) || !form_word(&at, ",t=") ||
        !form_number(&at, PASSES_MAX, &out->passes) || !form_word(&at, ",p=") ||
        !form_number(&at, LANES_MAX, &out->lanes) || !form_word(&at, "$")) {
        return false;
    }
    size_t salt_text = strcspn(at, "$");
    if (at[salt_text] != '$' ||
        !base64_decode_bare(arena, at, salt_text, &out->salt, &out->salt_len)) {
        return false;
    }
    at += salt_text + 1;
    return base64_decode_bare(arena, at, strlen(at), &out->hash, &out->hash_len) &&
           out->salt_len >= SALT_MIN && out->salt_len <= SALT_MAX && out->hash_len >= HASH_MIN &&
           out->hash_len <= HASH_MAX && out->memory_kib >= KIB_PER_LANE * out->lanes;
}

bool argon2_fits(const struct argon2_hash *hash, const char *password)
{
    uint8_t made[HASH_MAX], copy[128];
    size_t len = strlen(password);
    if (len > sizeof copy) {
        return false;
    }
    memcpy(copy, password, len); /* the library's field is not const */
    argon2_context context = {
        .out = made,
        .outlen = (uint32_t)hash->hash_len,
        .pwd = copy,
        .pwdlen = (uint32_t)len,
        .salt = hash->salt,
        .saltlen = (uint32_t)hash->salt_len,
        .t_cost = hash->passes,
        .m_cost = hash->memory_kib,
        .lanes = hash->lanes,
        .threads = 1, /* the hash pool bounds how many processors hashing takes */
        .version = ARGON2_VERSION_13,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    bool fits = argon2_ctx(&context, hash->id ? Argon2_id : Argon2_i) == ARGON2_OK &&
                ct_equal(made, hash->hash, hash->hash_len);
    OPENSSL_cleanse(made, sizeof made);
    OPENSSL_cleanse(copy, sizeof copy);
    return fits;
}

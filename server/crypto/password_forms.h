/* password_forms.h: the two foreign forms of password hashes that imported accounts bring along.
 * Both are read with strict bounds before any memory is asked for. Used by password.c only. */
#ifndef COUNTERSIGN_CRYPTO_PASSWORD_FORMS_H
#define COUNTERSIGN_CRYPTO_PASSWORD_FORMS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGON2_PREFIX "$argon2"
#define FBSCRYPT_PREFIX "$fbscrypt"

struct argon2_hash {
    bool id; /* argon2id, else argon2i */
    uint32_t memory_kib, passes, lanes;
    uint8_t *salt, *hash;
    size_t salt_len, hash_len;
};

struct fbscrypt_hash {
    uint32_t log_n, r, p;
    uint8_t *salt, *signer_key, *hash; /* salt: with the separator behind it */
    size_t salt_len, signer_key_len, hash_len;
};

bool argon2_read(struct arena *arena, const char *text, struct argon2_hash *out);
bool argon2_fits(const struct argon2_hash *hash, const char *password);

bool fbscrypt_read(struct arena *arena, const char *text, struct fbscrypt_hash *out);
bool fbscrypt_fits(struct arena *arena, const struct fbscrypt_hash *hash, const char *password);

/* For both: a decimal number without sign or leading zeros, at *at, which moves behind it. */
bool form_number(const char **at, uint32_t max, uint32_t *out);

/* Moves *at behind the word if it stands there. */
bool form_word(const char **at, const char *word);

#endif

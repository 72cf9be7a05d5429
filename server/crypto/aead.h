/* aead.h: short secrets at rest in the official server's text form (internals.md §4):
 * {"key_id":K,"alg":"aes-gcm-hkdf","data":B64,"nonce":B64}; AES-256-GCM, a key per owner by
 * HKDF-SHA-256 from the configured key with the owner's id as info. */
#ifndef COUNTERSIGN_CRYPTO_AEAD_H
#define COUNTERSIGN_CRYPTO_AEAD_H

#include "base/arena.h"
#include "base/entropy.h"
#include "base/uuid.h"

#include <stdbool.h>

enum { VAULT_KEY = 32, VAULT_KEYS = 16 };

struct vault_key {
    char id[81];
    uint8_t key[VAULT_KEY];
};

/* The keys that open what was sealed, and which of them seals anew. */
struct vault {
    bool seals;  /* false: new secrets are kept as they are (GOTRUE_..._ENCRYPT=false) */
    int current; /* index of the key that seals */
    int count;
    struct vault_key keys[VAULT_KEYS];
};

/* The stored form of a plain text: sealed with the current key, or the text itself if the vault
 * does not seal. In the arena. */
const char *vault_seal(const struct vault *vault, struct arena *arena, struct entropy *entropy,
                       const struct uuid *owner, const char *plain);

/* The plain text of a stored form (a text that is not of the sealed form is plain). NULL if it
 * cannot be opened, which the log then says: unknown key, another owner, tampered with. */
const char *vault_open(const struct vault *vault, struct arena *arena, const struct uuid *owner,
                       const char *stored);

/* The same without a word in the log where it cannot be opened, as by a key that is only tried. */
const char *vault_try(const struct vault *vault, struct arena *arena, const struct uuid *owner,
                      const char *stored);

/* The name of the key that it is sealed with; NULL: it is plain. */
const char *vault_key_id(struct arena *arena, const char *stored);

/* Would vault_seal write it in another way today (plain, or an older key)? */
bool vault_stale(const struct vault *vault, struct arena *arena, const char *stored);

/* Is the text of the sealed form? */
bool vault_is_sealed(struct arena *arena, const char *stored);

#endif

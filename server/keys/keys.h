/* keys.h: the server's secrets at start: the one that signs, and the keys that encrypt at rest;
 * from the settings or from files beside the database, held against what the database remembers of
 * them. For app.c, and for commands that look into a database. */
#ifndef COUNTERSIGN_KEYS_KEYS_H
#define COUNTERSIGN_KEYS_KEYS_H

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"
#include "keys/key_facts.h"

/* --- vault_keys.c --- */

/* The keys that the settings alone give. false: *error for a person. */
bool vault_of_settings(struct arena *arena, const struct config *config, struct vault *out,
                       const char **error);

/* The same, and the file beside the database; none is made. For commands without an executor. */
bool vault_read(struct arena *arena, const struct config *config, struct vault *out,
                const char **error);

/* Fills the vault; makes the file where it is needed and the database is new; refuses where a key
 * is missing or is another one than the database was written with. false: *error for a person. */
bool vault_open_keys(const struct key_place *place, struct vault *vault, const char **error);

/* A new encryption key as base64url, and the name that goes with it ("k-" and 12 hex digits). */
const char *vault_new_key(struct arena *arena, struct entropy *entropy, const char **id);

/* --- signing_keys.c --- */

/* The HS256 secret: of the settings, else of the file, which is made where the database is open and
 * new. NULL: *error for a person. */
const char *signing_secret(const struct key_place *place, const char **error);

/* When the file of that secret was made, in microseconds since 1970; 0: there is none. */
int64_t signing_secret_made_us(const struct config *config);

/* The keys of the settings and that secret; warns of an algorithm that the official clients cannot
 * read. NULL: *error for a person. */
struct keyring *signing_keyring(struct arena *arena, const struct config *config,
                                const char *secret, const char **error);

/* The key of keyed hashes in the database, which follows from the secret. */
void signing_lookup_key(const char *secret, uint8_t out[SHA256_SIZE]);

#endif

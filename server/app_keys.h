/* app_keys.h: the server's secrets at start: the one that signs, and the keys that encrypt at rest;
 * from the settings or from files beside the database, held against what the database remembers of
 * them. For app.c, and for commands that look into a database. */
#ifndef COUNTERSIGN_APP_KEYS_H
#define COUNTERSIGN_APP_KEYS_H

#include "api/call.h"

/* The keys that the settings alone give. false: *error for a person. */
bool app_vault_of(struct arena *arena, const struct config *config, struct vault *out,
                  const char **error);

/* The same, and the file beside the database; none is made. For commands without an executor. */
bool app_read_vault(struct arena *arena, const struct config *config, struct vault *out,
                    const char **error);

/* Fills services->vault; makes the file where it is needed and the database is new; refuses where
 * a key is missing or is another one than the database was written with. */
bool app_open_vault(struct services *services, struct arena *arena, const char **error);

/* The HS256 secret: of the settings, else of the file, which is made where the store is open and
 * the database is new. NULL: *error for a person. */
const char *app_signing_secret(struct services *services, struct arena *arena, const char **error);

/* A new encryption key as base64url, and the name that goes with it ("k-" and 12 hex digits). */
const char *app_new_key(struct arena *arena, struct entropy *entropy, const char **id);

#endif

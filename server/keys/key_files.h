/* key_files.h: the secrets that a server without configuration makes for itself and keeps in files
 * beside its database, readable by their owner alone. */
#ifndef COUNTERSIGN_KEYS_KEY_FILES_H
#define COUNTERSIGN_KEYS_KEY_FILES_H

#include "base/arena.h"
#include "base/entropy.h"

#include <stdbool.h>

/* The text of the file "DATABASE.NAME", without a newline at its end; NULL if there is no such
 * file, or, with *error set, if it cannot be read or is not what it should be. */
const char *key_file_read(struct arena *arena, const char *database, const char *name,
                          const char **error);

/* Makes the file (0600, durable) with base64url of `bytes` random bytes and returns the text;
 * NULL: *error. If somebody else made it meanwhile, that one's text. */
const char *key_file_make(struct arena *arena, struct entropy *entropy, const char *database,
                          const char *name, int bytes, const char **error);

/* Makes the folder of the path (0700) if it is not there. false: *error. */
bool make_folder_of(struct arena *arena, const char *path, const char **error);

#endif

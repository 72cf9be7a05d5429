/* key_facts.h: what the database remembers of the keys that it was used with, so that a start with
 * other ones is refused. For vault_keys.c and signing_keys.c. */
#ifndef COUNTERSIGN_KEYS_KEY_FACTS_H
#define COUNTERSIGN_KEYS_KEY_FACTS_H

#include "config/config.h"
#include "work/executor.h"

/* Where keys come from, and what they are for. */
struct key_place {
    struct arena *arena;
    const struct config *config;
    struct executor *executor; /* NULL: the database is not open */
    struct entropy *entropy;
};

struct key_facts {
    const char *key;    /* fingerprint of the file's key that it was written with, or NULL */
    const char *secret; /* the same of the file jwt-secret */
    bool half_copied;
    bool used; /* there are users */
};

/* false: *error for a person. */
bool key_facts_read(const struct key_place *place, struct key_facts *out, const char **error);

/* Remembers a fingerprint under that name. false: *error for a person. */
bool key_facts_note(const struct key_place *place, const char *name, const char *value,
                    const char **error);

/* What identifies a key without giving it away: 32 hex digits. */
const char *key_fingerprint(struct arena *arena, const char *key);

#endif

/* key_facts.c: see key_facts.h; the facts themselves: store/facts.h. */
#include "keys/key_facts.h"

#include "crypto/digest.h"
#include "store/copy.h"
#include "store/facts.h"
#include "store/users.h"

#include <string.h>

const char *key_fingerprint(struct arena *arena, const char *key)
{
    uint8_t hash[SHA256_SIZE];
    hkdf_sha256(key, strlen(key), "countersign key fingerprint", hash, sizeof hash);
    return hex_encode(hash, 16, arena_alloc(arena, 33));
}

static enum problem read_facts(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct key_facts *facts = arg;
    (void)ctx;
    facts->key = fact_get(tx, "encryption_key");
    facts->secret = fact_get(tx, "jwt_secret");
    facts->half_copied = copy_unfinished(tx);
    facts->used = users_any(tx);
    return P_OK;
}

bool key_facts_read(const struct key_place *place, struct key_facts *out, const char **error)
{
    struct ctx ctx = { .arena = place->arena, .entropy = place->entropy };
    enum problem problem = exec_read(place->executor, &ctx, read_facts, out);
    if (problem) {
        *error = problem_row(problem)->text;
    }
    return !problem;
}

struct note {
    const char *name, *value;
};

static enum problem write_note(struct ctx *ctx, struct tx *tx, void *arg)
{
    const struct note *note = arg;
    (void)ctx;
    fact_put(tx, note->name, note->value);
    return P_OK;
}

bool key_facts_note(const struct key_place *place, const char *name, const char *value,
                    const char **error)
{
    struct ctx ctx = { .arena = place->arena, .entropy = place->entropy };
    struct note note = { name, value };
    enum problem problem = exec_write(place->executor, &ctx, write_note, &note);
    if (problem) {
        *error = problem_row(problem)->text;
    }
    return !problem;
}

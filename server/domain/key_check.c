/* key_check.c: see key_check.h. */
#include "domain/key_check.h"

#include "base/log.h"
#include "store/facts.h"
#include "store/sealed.h"

#include <string.h>

#define FACT "key_check:"
#define SEEN "key_check" /* the data was looked at once */
#define WORD "countersign"

enum { FACTS_MAX = 64, SAMPLE = 500 };

static const struct vault_key *key_of(const struct vault *vault, const char *id)
{
    for (int i = 0; i < vault->count; i++) {
        if (strcmp(vault->keys[i].id, id) == 0) {
            return &vault->keys[i];
        }
    }
    return NULL;
}

static const char *missing(struct arena *arena, const char *id, const char *where)
{
    return arena_printf(
        arena,
        "secrets in the database (%s) are encrypted with the key \"%s\", which the "
        "settings do not give: set GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID "
        "to that name and GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY to the key, or "
        "add name:key to GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS; if it is lost "
        "for good, `countersign keys forget --help` says how to go on without it",
        where, id);
}

static const char *wrong(struct arena *arena, const char *id)
{
    return arena_printf(
        arena,
        "the key \"%s\" of the settings is not the one that the database was written "
        "with: give the right one in GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY or "
        "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS, or give the new key a name "
        "of its own",
        id);
}

/* The table that has a value sealed with the key, or NULL. */
static const char *used_in(struct tx *tx, const char *key_id, struct sealed_row *sample)
{
    for (int c = 0; c < SEALED_COLUMNS; c++) {
        if (sealed_sample(tx, (enum sealed_column)c, key_id, sample, 1)) {
            return sealed_table((enum sealed_column)c);
        }
    }
    return NULL;
}

static void check_fact(struct key_check *check, struct tx *tx, const struct fact *fact)
{
    struct arena *arena = tx->ctx->arena;
    struct sealed_row sample;
    const char *id = fact->name + strlen(FACT);
    if (key_of(check->vault, id)) {
        const char *word = vault_try(check->vault, arena, &uuid_nil, fact->value);
        check->error = word && strcmp(word, WORD) == 0 ? NULL : wrong(arena, id);
        return;
    }
    const char *where = used_in(tx, id, &sample);
    check->error = where ? missing(arena, id, where) : NULL;
}

/* A key without a fact: does it open what is sealed under its name? */
static void check_new_key(struct key_check *check, struct tx *tx, const char *id)
{
    struct sealed_row sample;
    if (used_in(tx, id, &sample) &&
        !vault_try(check->vault, tx->ctx->arena, &sample.id, sample.value)) {
        check->error = wrong(tx->ctx->arena, id);
    }
}

/* Values of another server's, or from before there were facts. */
static void check_data(struct key_check *check, struct tx *tx)
{
    struct arena *arena = tx->ctx->arena;
    struct sealed_row *rows = ARENA_ARRAY(arena, struct sealed_row, SAMPLE);
    for (int c = 0; c < SEALED_COLUMNS && !check->error; c++) {
        int n = sealed_sample(tx, (enum sealed_column)c, NULL, rows, SAMPLE);
        for (int i = 0; i < n && !check->error; i++) {
            const char *id = vault_key_id(arena, rows[i].value);
            if (id && !key_of(check->vault, id)) {
                check->error = missing(arena, id, sealed_table((enum sealed_column)c));
            } else if (id && check->thorough &&
                       !vault_try(check->vault, arena, &rows[i].id, rows[i].value)) {
                check->error = wrong(arena, id);
            }
        }
    }
}

static bool has_fact(const struct fact *facts, int n, const char *key_id)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(facts[i].name + strlen(FACT), key_id) == 0) {
            return true;
        }
    }
    return false;
}

enum problem key_check_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct key_check *check = arg;
    struct fact facts[FACTS_MAX];
    (void)ctx;
    check->error = NULL;
    int n = facts_named(tx, FACT, facts, FACTS_MAX);
    for (int i = 0; i < n && !check->error; i++) {
        check_fact(check, tx, &facts[i]);
    }
    for (int i = 0; i < check->vault->count && !check->error; i++) {
        if (!has_fact(facts, n, check->vault->keys[i].id)) {
            check_new_key(check, tx, check->vault->keys[i].id);
        }
    }
    if (!check->error && (check->thorough || !fact_get(tx, SEEN))) {
        check_data(check, tx);
    }
    return P_OK;
}

static void note_key(const struct key_check *check, struct tx *tx, int i)
{
    struct vault alone = *check->vault;
    alone.seals = true;
    alone.current = i;
    const char *name = arena_printf(tx->ctx->arena, FACT "%s", alone.keys[i].id);
    fact_put_new(tx, name, vault_seal(&alone, tx->ctx->arena, tx->ctx->entropy, &uuid_nil, WORD));
    explicit_bzero(&alone, sizeof alone);
}

enum problem key_check_note_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct key_check *check = arg;
    struct fact facts[FACTS_MAX];
    int n = facts_named(tx, FACT, facts, FACTS_MAX);
    for (int i = 0; i < n; i++) { /* nothing is sealed with it, or the check had failed */
        if (!key_of(check->vault, facts[i].name + strlen(FACT))) {
            fact_delete(tx, facts[i].name);
        }
    }
    for (int i = 0; i < check->vault->count; i++) {
        if (!has_fact(facts, n, check->vault->keys[i].id)) {
            note_key(check, tx, i);
        }
    }
    fact_put_new(tx, SEEN, "1");
    return key_check_in_tx(ctx, tx, arg); /* another node may have noted its own meanwhile */
}

/* vault_keys.c: the keys that encrypt at rest: of the settings, and of the file beside the
 * database; see keys.h. */
#include "base/log.h"
#include "crypto/base64.h"
#include "domain/key_check.h"
#include "keys/key_facts.h"
#include "keys/key_files.h"
#include "keys/keys.h"

#include <string.h>

enum { OWN_KEY_ID_HEX = 12 };

static bool add_key(struct vault *vault, struct arena *arena, const char *id, const char *text,
                    const char **error)
{
    uint8_t *bytes;
    size_t len;
    if (vault->count >= VAULT_KEYS || strlen(id) >= sizeof vault->keys[0].id || !*id) {
        *error = "encryption keys: at most 16, each with a name of 1 to 80 bytes";
        return false;
    }
    if (!base64url_decode(arena, text, strlen(text), &bytes, &len) || len != VAULT_KEY) {
        *error = arena_printf(arena,
                              "the encryption key %s is not 32 bytes as base64url without "
                              "padding",
                              id);
        return false;
    }
    struct vault_key *key = &vault->keys[vault->count++];
    memcpy(key->id, id, strlen(id) + 1);
    memcpy(key->key, bytes, VAULT_KEY);
    return true;
}

/* id:key,id:key */
static bool add_decryption_keys(struct vault *vault, struct arena *arena, const char *map,
                                const char **error)
{
    for (const char *p = map; *p;) {
        size_t len = strcspn(p, ","), id_len = strcspn(p, ":,");
        if (p[id_len] != ':') {
            *error = "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS: id:key,id:key is allowed";
            return false;
        }
        const char *id = arena_strndup(arena, p, id_len);
        const char *key = arena_strndup(arena, p + id_len + 1, len - id_len - 1);
        if (!add_key(vault, arena, id, key, error)) {
            return false;
        }
        p += len;
        p += *p == ',';
    }
    return true;
}

/* The name of a key that has none from the settings. */
static const char *own_key_id(struct arena *arena, const char *key)
{
    return arena_printf(arena, "k-%.*s", OWN_KEY_ID_HEX, key_fingerprint(arena, key));
}

const char *vault_new_key(struct arena *arena, struct entropy *entropy, const char **id)
{
    uint8_t bytes[VAULT_KEY];
    entropy_bytes(entropy, bytes, sizeof bytes);
    const char *key = base64url_encode(arena, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    *id = own_key_id(arena, key);
    return key;
}

/* Nodes and the official server must be able to read what one of them writes, so on PostgreSQL
 * there is no key of our own making. */
static bool seals(const struct config *c)
{
    return c->encryption.on && (*c->encryption.key || !c->postgres);
}

bool vault_of_settings(struct arena *arena, const struct config *config, struct vault *out,
                       const char **error)
{
    out->seals = seals(config);
    return (!*config->encryption.key ||
            add_key(out, arena, config->encryption.key_id, config->encryption.key, error)) &&
           add_decryption_keys(out, arena, config->encryption.decryption_keys, error);
}

/* The key of the file; the one of the settings seals if there is one. */
static bool add_own_key(struct vault *vault, struct arena *arena, const struct config *config,
                        const char *key, const char **error)
{
    if (!key) {
        return true;
    }
    vault->current = *config->encryption.key ? 0 : vault->count;
    return add_key(vault, arena, own_key_id(arena, key), key, error);
}

bool vault_read(struct arena *arena, const struct config *config, struct vault *out,
                const char **error)
{
    if (!vault_of_settings(arena, config, out, error)) {
        return false;
    }
    const char *key = key_file_read(arena, config->database_path, "encryption-key", error);
    return !*error && add_own_key(out, arena, config, key, error);
}

/* The database remembers which key file belongs to it: without that key nobody's second factor
 * could be verified any more, so a lost or foreign key file stops the start. */
static const char *own_key(const struct key_place *place, const struct key_facts *facts,
                           const char **error)
{
    struct arena *arena = place->arena;
    const char *path = place->config->database_path;
    const char *key = key_file_read(arena, path, "encryption-key", error);
    if (*error) {
        return NULL;
    }
    if (facts->key && (!key || strcmp(facts->key, key_fingerprint(arena, key)) != 0)) {
        *error = arena_printf(
            arena,
            "%s.encryption-key %s, but the database was written with it: "
            "restore that file (key k-%.*s) from a backup; if it is lost for good, "
            "`countersign keys forget --help` says how to go on without it",
            path, key ? "holds another key" : "is missing", OWN_KEY_ID_HEX, facts->key);
        return NULL;
    }
    if (!key) {
        key = key_file_make(arena, place->entropy, path, "encryption-key", VAULT_KEY, error);
    }
    if (key && !facts->key &&
        !key_facts_note(place, "encryption_key", key_fingerprint(arena, key), error)) {
        return NULL;
    }
    return key;
}

static bool fill_vault(const struct key_place *place, const struct key_facts *facts,
                       struct vault *vault, const char **error)
{
    struct arena *arena = place->arena;
    const struct config *c = place->config;
    if (c->encryption.on && !seals(c)) {
        log_plain(LOG_WARN,
                  "passwords and second factors are stored unencrypted: `countersign keys "
                  "generate` prints a key as settings for all nodes, and `countersign keys "
                  "encrypt` then encrypts what is there");
    }
    if (!vault_of_settings(arena, c, vault, error)) {
        return false;
    }
    bool needed = seals(c) && !*c->encryption.key;
    const char *own = needed ? own_key(place, facts, error)
                             : key_file_read(arena, c->database_path, "encryption-key", error);
    return !*error && add_own_key(vault, arena, c, own, error);
}

/* A database that was copied remembers the key of the file it came from. */
static bool has_key(const struct key_place *place, const struct vault *vault, const char *key,
                    const char **error)
{
    struct arena *arena = place->arena;
    for (int i = 0; key && i < vault->count; i++) {
        const char *text = base64url_encode(arena, vault->keys[i].key, VAULT_KEY);
        key = strcmp(key_fingerprint(arena, text), key) == 0 ? NULL : key;
    }
    if (key) {
        *error =
            arena_printf(arena,
                         "secrets in the database are encrypted with the key k-%.*s, which the "
                         "settings do not give: set GOTRUE_SECURITY_DB_ENCRYPTION_"
                         "ENCRYPTION_KEY_ID to that name and ..._ENCRYPTION_KEY to the key, or "
                         "add name:key to ..._DECRYPTION_KEYS",
                         OWN_KEY_ID_HEX, key);
    }
    return !key;
}

static bool check_keys(const struct key_place *place, const struct vault *vault, const char **error)
{
    struct ctx ctx = { .arena = place->arena, .entropy = place->entropy };
    struct key_check check = { .vault = vault };
    enum problem problem = exec_read(place->executor, &ctx, key_check_in_tx, &check);
    if (!problem && !check.error) {
        problem = exec_write(place->executor, &ctx, key_check_note_in_tx, &check);
    }
    *error = problem ? problem_row(problem)->text : check.error;
    return !*error;
}

bool vault_open_keys(const struct key_place *place, struct vault *vault, const char **error)
{
    struct key_facts facts = { 0 };
    if (!key_facts_read(place, &facts, error)) {
        return false;
    }
    if (facts.half_copied) { /* before anything is written to it: it is nobody's */
        *error = "a copy into this database was begun and not finished: run the same `countersign "
                 "copy` again first";
        return false;
    }
    return fill_vault(place, &facts, vault, error) && has_key(place, vault, facts.key, error) &&
           check_keys(place, vault, error);
}

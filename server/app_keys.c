/* app_keys.c: see app_keys.h. What the database remembers: facts.h, domain/key_check.h. */
#include "app_keys.h"

#include "base/log.h"
#include "crypto/base64.h"
#include "domain/key_check.h"
#include "key_files.h"
#include "store/copy.h"
#include "store/facts.h"
#include "store/users.h"

#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 48, OWN_KEY_ID_HEX = 12 };

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

/* What identifies a key without giving it away. */
static const char *fingerprint(struct arena *arena, const char *key)
{
    uint8_t hash[SHA256_SIZE];
    hkdf_sha256(key, strlen(key), "countersign key fingerprint", hash, sizeof hash);
    return hex_encode(hash, 16, arena_alloc(arena, 33));
}

/* The name of a key that has none from the settings. */
static const char *own_key_id(struct arena *arena, const char *key)
{
    return arena_printf(arena, "k-%.*s", OWN_KEY_ID_HEX, fingerprint(arena, key));
}

const char *app_new_key(struct arena *arena, struct entropy *entropy, const char **id)
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

bool app_vault_of(struct arena *arena, const struct config *config, struct vault *out,
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

bool app_read_vault(struct arena *arena, const struct config *config, struct vault *out,
                    const char **error)
{
    if (!app_vault_of(arena, config, out, error)) {
        return false;
    }
    const char *key = key_file_read(arena, config->database_path, "encryption-key", error);
    return !*error && add_own_key(out, arena, config, key, error);
}

/* --- what the database remembers --- */

struct memory {
    const char *key;    /* fingerprint of the file's key that it was written with, or NULL */
    const char *secret; /* the same of the file jwt-secret */
    bool half_copied;
    bool used; /* there are users */
};

static enum problem read_memory(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct memory *memory = arg;
    (void)ctx;
    memory->key = fact_get(tx, "encryption_key");
    memory->secret = fact_get(tx, "jwt_secret");
    memory->half_copied = copy_unfinished(tx);
    memory->used = users_any(tx);
    return P_OK;
}

static bool remember(struct services *s, struct arena *arena, struct memory *out,
                     const char **error)
{
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    enum problem problem = exec_read(s->executor, &ctx, read_memory, out);
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

static bool note_fact(struct services *s, struct arena *arena, const char *name, const char *value,
                      const char **error)
{
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    struct note note = { name, value };
    enum problem problem = exec_write(s->executor, &ctx, write_note, &note);
    if (problem) {
        *error = problem_row(problem)->text;
    }
    return !problem;
}

/* --- the key that encrypts --- */

/* The database remembers which key file belongs to it: without that key nobody's second factor
 * could be verified any more, so a lost or foreign key file stops the start. */
static const char *own_key(struct services *s, struct arena *arena, const struct memory *memory,
                           const char **error)
{
    const char *path = s->config->database_path;
    const char *key = key_file_read(arena, path, "encryption-key", error);
    if (*error) {
        return NULL;
    }
    if (memory->key && (!key || strcmp(memory->key, fingerprint(arena, key)) != 0)) {
        *error = arena_printf(
            arena,
            "%s.encryption-key %s, but the database was written with it: "
            "restore that file (key k-%.*s) from a backup; if it is lost for good, "
            "`countersign keys forget --help` says how to go on without it",
            path, key ? "holds another key" : "is missing", OWN_KEY_ID_HEX, memory->key);
        return NULL;
    }
    if (!key) {
        key = key_file_make(arena, &s->entropy, path, "encryption-key", VAULT_KEY, error);
    }
    if (key && !memory->key &&
        !note_fact(s, arena, "encryption_key", fingerprint(arena, key), error)) {
        return NULL;
    }
    return key;
}

static bool fill_vault(struct services *s, struct arena *arena, const struct memory *memory,
                       const char **error)
{
    const struct config *c = s->config;
    if (c->encryption.on && !seals(c)) {
        log_plain(LOG_WARN,
                  "passwords and second factors are stored unencrypted: `countersign keys "
                  "generate` prints a key as settings for all nodes, and `countersign keys "
                  "encrypt` then encrypts what is there");
    }
    if (!app_vault_of(arena, c, &s->vault, error)) {
        return false;
    }
    bool needed = seals(c) && !*c->encryption.key;
    const char *own = needed ? own_key(s, arena, memory, error)
                             : key_file_read(arena, c->database_path, "encryption-key", error);
    return !*error && add_own_key(&s->vault, arena, c, own, error);
}

/* A database that was copied remembers the key of the file it came from. */
static bool has_key(const struct services *s, struct arena *arena, const char *key,
                    const char **error)
{
    const struct vault *vault = &s->vault;
    for (int i = 0; key && i < vault->count; i++) {
        const char *text = base64url_encode(arena, vault->keys[i].key, VAULT_KEY);
        key = strcmp(fingerprint(arena, text), key) == 0 ? NULL : key;
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

static bool check_keys(struct services *s, struct arena *arena, const char **error)
{
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    struct key_check check = { .vault = &s->vault };
    enum problem problem = exec_read(s->executor, &ctx, key_check_in_tx, &check);
    if (!problem && !check.error) {
        problem = exec_write(s->executor, &ctx, key_check_note_in_tx, &check);
    }
    *error = problem ? problem_row(problem)->text : check.error;
    return !*error;
}

bool app_open_vault(struct services *s, struct arena *arena, const char **error)
{
    struct memory memory = { 0 };
    if (!remember(s, arena, &memory, error)) {
        return false;
    }
    if (memory.half_copied) { /* before anything is written to it: it is nobody's */
        *error = "a copy into this database was begun and not finished: run the same `countersign "
                 "copy` again first";
        return false;
    }
    return fill_vault(s, arena, &memory, error) && has_key(s, arena, memory.key, error) &&
           check_keys(s, arena, error);
}

/* --- the secret that signs --- */

static const char *missing_secret(struct arena *arena, const char *path)
{
    return arena_printf(
        arena,
        "%s.jwt-secret is missing, but the database was used with it: restore that "
        "file from a backup, or put the secret into GOTRUE_JWT_SECRET; if it is lost "
        "for good, `countersign keys generate --jwt-secret` prints a new one as a "
        "setting, with which API keys, access tokens, recovery codes and codes on "
        "their way are void",
        path);
}

/* A new file is made for a new database alone: made silently for a restored one it would void what
 * the old one signed. */
static const char *made_secret(struct services *s, struct arena *arena, const char **error)
{
    const char *path = s->config->database_path;
    struct memory memory = { 0 };
    if (!remember(s, arena, &memory, error)) {
        return NULL;
    }
    const char *secret = key_file_read(arena, path, "jwt-secret", error);
    if (!secret && !*error && (memory.secret || memory.used)) {
        *error = missing_secret(arena, path);
    }
    if (!secret && !*error) {
        secret = key_file_make(arena, &s->entropy, path, "jwt-secret", SECRET_BYTES, error);
    }
    const char *mark = secret ? fingerprint(arena, secret) : NULL;
    if (mark && memory.secret && strcmp(memory.secret, mark) != 0) {
        log_write(LOG_WARN,
                  "another secret signs than before: API keys and tokens made with the "
                  "old one are void",
                  LOG_STR("file", arena_printf(arena, "%s.jwt-secret", path)));
    }
    if (mark && (!memory.secret || strcmp(memory.secret, mark) != 0) &&
        !note_fact(s, arena, "jwt_secret", mark, error)) {
        return NULL;
    }
    return *error ? NULL : secret;
}

const char *app_signing_secret(struct services *s, struct arena *arena, const char **error)
{
    const struct config *c = s->config;
    if (*c->jwt.secret) {
        return c->jwt.secret;
    }
    if (s->executor) {
        return made_secret(s, arena, error);
    }
    const char *secret = key_file_read(arena, c->database_path, "jwt-secret", error);
    if (!secret && !*error) {
        *error = arena_printf(arena,
                              "there are no keys yet beside %s: start the server once, or "
                              "set GOTRUE_JWT_SECRET",
                              c->database_path);
    }
    return secret;
}

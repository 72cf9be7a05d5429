/* signing_keys.c: the HS256 secret, of the settings or of a file of our own, and the keyring; see
 * keys.h. */
#include "base/log.h"
#include "crypto/digest.h"
#include "keys/key_facts.h"
#include "keys/key_files.h"
#include "keys/keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SECRET_BYTES = 48 };

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
static const char *made_secret(const struct key_place *place, const char **error)
{
    struct arena *arena = place->arena;
    const char *path = place->config->database_path;
    struct key_facts facts = { 0 };
    if (!key_facts_read(place, &facts, error)) {
        return NULL;
    }
    const char *secret = key_file_read(arena, path, "jwt-secret", error);
    if (!secret && !*error && (facts.secret || facts.used)) {
        *error = missing_secret(arena, path);
    }
    if (!secret && !*error) {
        secret = key_file_make(arena, place->entropy, path, "jwt-secret", SECRET_BYTES, error);
    }
    const char *mark = secret ? key_fingerprint(arena, secret) : NULL;
    if (mark && facts.secret && strcmp(facts.secret, mark) != 0) {
        log_write(LOG_WARN,
                  "another secret signs than before: API keys and tokens made with the "
                  "old one are void",
                  LOG_STR("file", arena_printf(arena, "%s.jwt-secret", path)));
    }
    if (mark && (!facts.secret || strcmp(facts.secret, mark) != 0) &&
        !key_facts_note(place, "jwt_secret", mark, error)) {
        return NULL;
    }
    return *error ? NULL : secret;
}

const char *signing_secret(const struct key_place *place, const char **error)
{
    struct arena *arena = place->arena;
    const struct config *c = place->config;
    if (*c->jwt.secret) {
        return c->jwt.secret;
    }
    if (place->executor) {
        return made_secret(place, error);
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

int64_t signing_secret_made_us(const struct config *config)
{
    char path[4096];
    struct stat file;
    int len = snprintf(path, sizeof path, "%s.jwt-secret", config->database_path);
    bool found = len > 0 && (size_t)len < sizeof path && stat(path, &file) == 0;
    return found ? (int64_t)file.st_mtime * US_PER_S : 0;
}

/* The official clients read claims signed with RS256 and ES256, and ask the server about HS256. */
static void warn_of_algorithm(const struct keyring *keyring)
{
    const char *alg = keyring ? keyring_signs_with(keyring) : "HS256";
    if (strcmp(alg, "HS256") != 0 && strcmp(alg, "RS256") != 0 && strcmp(alg, "ES256") != 0) {
        log_write(LOG_WARN,
                  "tokens are signed with an algorithm that the official clients cannot read: "
                  "take an ES256 or RS256 key (docs/guide/signing.md)",
                  LOG_STR("alg", alg));
    }
}

struct keyring *signing_keyring(struct arena *arena, const struct config *config,
                                const char *secret, const char **error)
{
    struct keyring_settings settings = {
        .secret = secret,
        .secret_kid = config->jwt.key_id,
        .jwks = config->jwt.keys,
        .valid_methods = *config->jwt.valid_methods ? config->jwt.valid_methods : NULL,
    };
    struct keyring *keyring = keyring_new(arena, &settings, error);
    warn_of_algorithm(keyring);
    return keyring;
}

void signing_lookup_key(const char *secret, uint8_t out[SHA256_SIZE])
{
    hkdf_sha256(secret, strlen(secret), "countersign lookup key", out, SHA256_SIZE);
}

/* password.c: making and checking password hashes, see password.h: bcrypt by libxcrypt here, the
 * imported forms in argon2.c and fbscrypt.c. Whatever cannot be checked costs a bcrypt of the
 * default cost all the same, so that the time tells nothing. */
#include "crypto/password.h"

#include "base/log.h"
#include "crypto/ct_equal.h"
#include "crypto/password_forms.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <string.h>

enum {
    COST = 10,
    COST_MIN = 4,
    COST_MAX = 18, /* about ten seconds; 31 would hold a thread of the pool for a day */
    KEPT_MIN = 5,
    SALT = 16,
    SETTING_TEXT = 29, /* "$2b$10$" and 22 characters of salt */
    BCRYPT_TEXT = 60,
};

/* A bcrypt hash in the one form that is computed. */
struct bcrypt {
    char text[BCRYPT_TEXT + 1];
    int cost;
};

/* Nothing hashes to it: the bits that bcrypt leaves unused are set. */
static const struct bcrypt nobody = {
    "$2b$10$abcdefghijklmnopqrstuu99999999999999999999999999999999", COST
};

/* Reads $2$, $2a$, $2b$, $2x$ and $2y$. All are computed as 2b, which is what the official server
 * does: it knows neither the bug that x stands for nor libxcrypt's countermeasure under a. */
static bool bcrypt_read(const char *text, struct bcrypt *out)
{
    static const char alphabet[] =
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *at = text;
    if (!form_word(&at, "$2")) {
        return false;
    }
    if (*at && strchr("abxy", *at)) {
        at++;
    }
    /* $CC$ and 53 characters */
    if (strlen(at) != 4 + 53 || at[0] != '$' || at[3] != '$' || strspn(at + 4, alphabet) != 53) {
        return false;
    }
    if (at[1] < '0' || at[1] > '9' || at[2] < '0' || at[2] > '9') {
        return false;
    }
    out->cost = (at[1] - '0') * 10 + at[2] - '0';
    memcpy(out->text, "$2b", 3);
    memcpy(out->text + 3, at, strlen(at) + 1);
    return out->cost >= COST_MIN && out->cost <= COST_MAX;
}

/* out has BCRYPT_TEXT + 1 bytes; false if the library fails. */
static bool bcrypt_make(const char *setting, const char *password, char *out)
{
    struct crypt_data data = { 0 };
    const char *made = crypt_rn(password, setting, &data, (int)sizeof data);
    bool ok = made && strlen(made) == BCRYPT_TEXT;
    if (ok) {
        memcpy(out, made, BCRYPT_TEXT + 1);
    }
    OPENSSL_cleanse(&data, sizeof data);
    return ok;
}

static bool bcrypt_fits(const struct bcrypt *hash, const char *password)
{
    char made[BCRYPT_TEXT + 1];
    /* The salt is not compared: its last character has unused bits, which the library clears. */
    bool fits =
        bcrypt_make(hash->text, password, made) &&
        ct_equal(made + SETTING_TEXT, hash->text + SETTING_TEXT, BCRYPT_TEXT - SETTING_TEXT);
    OPENSSL_cleanse(made, sizeof made);
    return fits;
}

const char *password_hash(struct arena *arena, struct entropy *entropy, const char *password)
{
    uint8_t salt[SALT];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    char *out = arena_alloc(arena, BCRYPT_TEXT + 1);
    if (strlen(password) > PASSWORD_MAX) {
        return NULL;
    }
    entropy_bytes(entropy, salt, sizeof salt);
    if (!crypt_gensalt_rn("$2b$", COST, (const char *)salt, sizeof salt, setting, sizeof setting) ||
        !bcrypt_make(setting, password, out)) {
        log_die("libcrypt fails to make a bcrypt hash");
    }
    out[2] =
        'a'; /* computed as 2b, written as the official server writes it: for it they are one */
    return out;
}

bool password_verify_nobody(const char *password)
{
    (void)password; /* the time of bcrypt does not depend on it */
    (void)bcrypt_fits(&nobody, "");
    return false;
}

bool password_verify(const char *hash, const char *password)
{
    struct bcrypt bcrypt;
    struct argon2_hash argon2;
    struct fbscrypt_hash fbscrypt;
    if (strnlen(password, PASSWORD_MAX + 1) > PASSWORD_MAX) {
        return password_verify_nobody("");
    }
    if (bcrypt_read(hash, &bcrypt)) {
        return bcrypt_fits(&bcrypt, password);
    }
    struct arena *arena = arena_new();
    bool fits;
    if (argon2_read(arena, hash, &argon2)) {
        fits = argon2_fits(&argon2, password);
    } else if (fbscrypt_read(arena, hash, &fbscrypt)) {
        fits = fbscrypt_fits(arena, &fbscrypt, password);
    } else {
        fits = password_verify_nobody(password);
    }
    arena_free(&arena);
    return fits;
}

bool password_hash_readable(const char *hash)
{
    struct bcrypt bcrypt;
    struct argon2_hash argon2;
    struct fbscrypt_hash fbscrypt;
    struct arena *arena = arena_new();
    bool readable = bcrypt_read(hash, &bcrypt) || argon2_read(arena, hash, &argon2) ||
                    fbscrypt_read(arena, hash, &fbscrypt);
    arena_free(&arena);
    return readable;
}

bool password_hash_stale(const char *hash)
{
    struct bcrypt bcrypt;
    /* Imported forms stay, as they do with the official server. */
    return bcrypt_read(hash, &bcrypt) && (bcrypt.cost < KEPT_MIN || bcrypt.cost > COST);
}

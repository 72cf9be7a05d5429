/* keyring.c: which key signs access tokens, which verifies them, and the JWS compact form (RFC
 * 7515 §3.1), see keyring.h. Everything is worked out at start, header texts too; afterwards the
 * keyring is only read. */
#include "crypto/keyring.h"

#include "base/json.h"
#include "crypto/base64.h"
#include "crypto/ct_equal.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"

#include <string.h>

enum { KEYS_MAX = 64, TOKEN_MAX = 64 * 1024, PAYLOAD_MAX = 1024 * 1024 };

struct ring_key {
    struct jwk jwk;
    const char *header; /* base64url of the header of tokens signed with it */
    size_t header_len;
};

struct keyring {
    struct arena *arena; /* holds the keyring itself */
    struct ring_key secret;
    struct ring_key keys[KEYS_MAX]; /* GOTRUE_JWT_KEYS, in its order */
    int count;
    const struct ring_key *signer;
    unsigned valid; /* bit 1 << alg for each of the valid methods */
};

/* {"alg":..,"kid":..,"typ":"JWT"}, members by name; kid left out if there is none. */
static void make_header(struct arena *arena, struct ring_key *key)
{
    struct strbuf json = strbuf_in(arena, 1024 * 1024);
    strbuf_printf(&json, "{\"alg\":\"%s\",", jws_rule(key->jwk.alg)->name);
    if (*key->jwk.kid) {
        strbuf_str(&json, "\"kid\":");
        json_quote(&json, key->jwk.kid);
        strbuf_char(&json, ',');
    }
    strbuf_str(&json, "\"typ\":\"JWT\"}");
    key->header = base64url_encode(arena, json.data, json.len);
    key->header_len = strlen(key->header);
}

/* The last of two keys with one kid counts, in the place of the first. */
static struct ring_key *slot_for(struct keyring *ring, const char *kid)
{
    for (int i = 0; i < ring->count; i++) {
        if (strcmp(ring->keys[i].jwk.kid, kid) == 0) {
            return &ring->keys[i];
        }
    }
    return ring->count < KEYS_MAX ? &ring->keys[ring->count++] : NULL;
}

static const char *add_keys(struct keyring *ring, struct arena *scratch, const char *text)
{
    const char *error = "";
    const struct json_t *array = json_read(scratch, text, strlen(text), &error);
    if (!array) {
        return arena_strdup(ring->arena, error);
    }
    if (json_kind_of(array) != KIND_ARRAY) {
        return "it is no JSON array";
    }
    for (size_t i = 0; i < json_count(array); i++) {
        struct jwk jwk;
        if (!jwk_read(ring->arena, scratch, json_nth(array, i), &jwk, &error)) {
            return arena_printf(ring->arena, "element %zu: %s", i, error);
        }
        struct ring_key *slot = slot_for(ring, jwk.kid);
        if (!slot) {
            return "there are too many keys";
        }
        slot->jwk = jwk;
        make_header(ring->arena, slot);
    }
    return NULL;
}

static const char *read_keys(struct keyring *ring, const char *text)
{
    struct arena *scratch = arena_new(); /* private numbers do not stay in the keyring's memory */
    const char *error = add_keys(ring, scratch, text);
    arena_free(&scratch);
    return error;
}

static const char *choose_signer(struct keyring *ring)
{
    if (!ring->count) {
        ring->signer = &ring->secret;
        return NULL;
    }
    for (int i = 0; i < ring->count; i++) {
        if (ring->keys[i].jwk.signs && ring->signer) {
            return "multiple signing keys detected, only 1 signing key is supported";
        }
        if (ring->keys[i].jwk.signs) {
            ring->signer = &ring->keys[i];
        }
    }
    return ring->signer ? NULL : "no signing key found";
}

static bool add_valid(struct keyring *ring, const char *name, size_t len)
{
    enum jws_alg alg;
    char copy[16] = { 0 };
    while (len && (*name == ' ' || *name == '\t')) {
        name++;
        len--;
    }
    while (len && (name[len - 1] == ' ' || name[len - 1] == '\t')) {
        len--;
    }
    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, name, len);
    if (jws_alg_named(copy, &alg)) {
        ring->valid |= 1u << alg;
    }
    return !len || jws_alg_known(copy);
}

/* Methods that exist but are not ours may stand in the list: tokens of theirs are refused. */
static const char *read_valid(struct keyring *ring, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        if (!add_valid(ring, list, len)) {
            return "it names an algorithm that does not exist";
        }
        list += len + (list[len] == ',');
    }
    return ring->valid ? NULL : "none of its algorithms is supported";
}

static void valid_of_keys(struct keyring *ring)
{
    for (int i = 0; i < ring->count; i++) {
        ring->valid |= 1u << ring->keys[i].jwk.alg;
    }
    if (!ring->count) {
        ring->valid = 1u << JWS_HS256;
    }
}

static const char *fill(struct keyring *ring, const struct keyring_settings *settings)
{
    const char *secret = settings->secret ? settings->secret : "";
    const char *kid = settings->secret_kid ? settings->secret_kid : "";
    if (!*secret) {
        return "GOTRUE_JWT_SECRET is required";
    }
    ring->secret.jwk = (struct jwk){
        .kid = arena_strdup(ring->arena, kid),
        .alg = JWS_HS256,
        .signs = true,
        .secret = (const uint8_t *)arena_strdup(ring->arena, secret),
        .secret_len = strlen(secret),
    };
    make_header(ring->arena, &ring->secret);
    bool has_keys = settings->jwks && *settings->jwks;
    const char *error = has_keys ? read_keys(ring, settings->jwks) : NULL;
    error = error ? error : choose_signer(ring);
    if (error) {
        return arena_printf(ring->arena, "GOTRUE_JWT_KEYS: %s", error);
    }
    if (!settings->valid_methods || !*settings->valid_methods) {
        valid_of_keys(ring);
        return NULL;
    }
    error = read_valid(ring, settings->valid_methods);
    return error ? arena_printf(ring->arena, "GOTRUE_JWT_VALID_METHODS: %s", error) : NULL;
}

struct keyring *keyring_new(struct arena *arena, const struct keyring_settings *settings,
                            const char **error)
{
    struct arena *own = arena_new();
    struct keyring *ring = ARENA_NEW(own, struct keyring);
    ring->arena = own;
    const char *why = fill(ring, settings);
    if (why) {
        *error = arena_strdup(arena, why);
        arena_free(&own);
        return NULL;
    }
    return ring;
}

void keyring_free(struct keyring **keyring)
{
    if (keyring && *keyring) {
        struct arena *arena = (*keyring)->arena;
        *keyring = NULL;
        arena_free(&arena);
    }
}

const char *keyring_signs_with(const struct keyring *keyring)
{
    return jws_rule(keyring->signer->jwk.alg)->name;
}

static void write_public(struct strbuf *out, const struct ring_key *key, bool *first)
{
    if (key->jwk.public_jwk) {
        strbuf_str(out, *first ? "" : ",");
        strbuf_str(out, key->jwk.public_jwk);
        *first = false;
    }
}

void keyring_write_jwks(const struct keyring *keyring, struct strbuf *out)
{
    bool first = true;
    strbuf_str(out, "{\"keys\":[");
    write_public(out, keyring->signer, &first);
    for (int i = 0; i < keyring->count; i++) {
        if (&keyring->keys[i] != keyring->signer) {
            write_public(out, &keyring->keys[i], &first);
        }
    }
    strbuf_str(out, "]}");
}

char *keyring_sign(const struct keyring *keyring, struct arena *arena, const char *payload,
                   size_t len)
{
    const struct ring_key *key = keyring->signer;
    uint8_t signature[JWS_SIGNATURE_MAX];
    size_t signature_len = SHA256_SIZE, room = key->jwk.secret ? SHA256_SIZE : JWS_SIGNATURE_MAX;
    if (len > PAYLOAD_MAX) {
        return NULL;
    }
    size_t size = key->header_len + (len + 2) / 3 * 4 + (room + 2) / 3 * 4 + 3;
    char *token = arena_alloc(arena, size);
    memcpy(token, key->header, key->header_len);
    size_t n = key->header_len;
    token[n++] = '.';
    n += base64url_write(token + n, payload, len);
    if (key->jwk.alg == JWS_HS256) {
        hmac_of(DIGEST_SHA256, key->jwk.secret, key->jwk.secret_len, token, n, signature);
    } else {
        signature_len = jws_sign(key->jwk.alg, key->jwk.private_key, token, n, signature);
    }
    if (!signature_len) {
        return NULL;
    }
    token[n++] = '.';
    base64url_write(token + n, signature, signature_len);
    return token;
}

/* The three segments of a token (RFC 7515 §7.1) and what is read from them. */
struct parts {
    const char *segment[3];
    size_t len[3];
    enum jws_alg alg;
    const struct json_t *kid; /* NULL: absent */
};

/* Says why a token is refused. The words are those of golang-jwt, which clients of the official
 * server see (internals.md §2.2). */
static bool refuse(const char **detail, const char *why)
{
    *detail = why;
    return false;
}

static bool split(const char *token, struct parts *out, const char **detail)
{
    size_t len = strnlen(token, TOKEN_MAX + 1);
    const char *end = token + len;
    if (len > TOKEN_MAX) {
        return refuse(detail, "token is malformed: token is longer than 64 KiB");
    }
    for (int i = 0; i < 3; i++) {
        const char *dot = memchr(token, '.', (size_t)(end - token));
        if ((dot != NULL) == (i == 2)) {
            return refuse(detail,
                          "token is malformed: token contains an invalid number of segments");
        }
        out->segment[i] = token;
        out->len[i] = (size_t)((dot ? dot : end) - token);
        token = dot ? dot + 1 : end;
    }
    return true;
}

static uint8_t *decode(const struct parts *parts, int i, struct arena *arena, size_t *len,
                       const char **detail)
{
    static const char *const names[3] = { "header", "claim", "signature" };
    uint8_t *bytes;
    if (base64url_decode(arena, parts->segment[i], parts->len[i], &bytes, len)) {
        return bytes;
    }
    size_t at = base64url_bad_at(arena, parts->segment[i], parts->len[i]);
    *detail = arena_printf(arena,
                           "token is malformed: could not base64 decode %s: "
                           "illegal base64 data at input byte %zu",
                           names[i], at);
    return NULL;
}

static bool read_alg(const struct json_t *header, struct arena *arena, struct parts *parts,
                     const char **detail)
{
    const char *alg = json_member_text(header, "alg");
    if (!alg) {
        return refuse(detail, "token is unverifiable: signing method (alg) is unspecified");
    }
    if (!jws_alg_known(alg)) {
        return refuse(detail, "token is unverifiable: signing method (alg) is unavailable");
    }
    if (!jws_alg_named(alg, &parts->alg)) {
        return refuse(detail, arena_printf(arena,
                                           "token signature is invalid: "
                                           "signing method %s is invalid",
                                           alg));
    }
    return true;
}

static bool read_header(struct arena *arena, struct parts *parts, const char **detail)
{
    const char *why = "it is no object";
    size_t len;
    const char *text = (const char *)decode(parts, 0, arena, &len, detail);
    if (!text) {
        return false;
    }
    const struct json_t *header = json_read(arena, text, len, &why);
    if (json_kind_of(header) != KIND_OBJECT) {
        return refuse(
            detail,
            arena_printf(arena, "token is malformed: could not JSON decode header: %s", why));
    }
    /* RFC 7515 §4.1.11: whoever does not understand what is critical must refuse. */
    if (json_member(header, "crit")) {
        return refuse(detail, "token is unverifiable: critical header parameters are unsupported");
    }
    parts->kid = json_member(header, "kid");
    return read_alg(header, arena, parts, detail);
}

/* The key whose own tokens have just this header, which spares most tokens the JSON. The order is
 * that of key_for. */
static const struct ring_key *key_of_header(const struct keyring *ring, const struct parts *parts)
{
    for (int i = 0; i <= ring->count; i++) {
        const struct ring_key *key = i < ring->count ? &ring->keys[i] : &ring->secret;
        if (key->header_len == parts->len[0] &&
            memcmp(key->header, parts->segment[0], parts->len[0]) == 0) {
            return key;
        }
    }
    return NULL;
}

/* §2.2: the kid's key, else the secret for its own kid and for HS256. */
static const struct ring_key *key_for(const struct keyring *ring, struct arena *arena,
                                      const struct parts *parts, const char **detail)
{
    const char *kid = json_text(parts->kid);
    for (int i = 0; kid && i < ring->count; i++) {
        if (strcmp(ring->keys[i].jwk.kid, kid) == 0) {
            return &ring->keys[i];
        }
    }
    if (parts->alg == JWS_HS256 || (kid && strcmp(ring->secret.jwk.kid, kid) == 0)) {
        return &ring->secret;
    }
    struct strbuf shown = strbuf_in(arena, TOKEN_MAX);
    if (kid) {
        strbuf_str(&shown, kid);
    } else if (parts->kid) {
        json_write(&shown, parts->kid);
    } else {
        strbuf_str(&shown, "<nil>");
    }
    *detail = arena_printf(arena,
                           "token is unverifiable: error while executing keyfunc: unrecognized "
                           "JWT kid %s for algorithm %s",
                           shown.data ? shown.data : "", jws_rule(parts->alg)->name);
    return NULL;
}

static bool check_signature(const struct ring_key *key, struct arena *arena,
                            const struct parts *parts, const char **detail)
{
    static const struct {
        const char *wrong_type, *wrong;
    } words[] = {
        [JWS_KEY_OCT] = { "HMAC verify expects []byte", "signature is invalid" },
        [JWS_KEY_RSA] = { "RSA verify expects *rsa.PublicKey", "crypto/rsa: verification error" },
        [JWS_KEY_EC] = { "ECDSA verify expects *ecdsa.PublicKey",
                         "crypto/ecdsa: verification error" },
        [JWS_KEY_OKP] = { "Ed25519 verify expects ed25519.PublicKey",
                          "ed25519: verification error" },
    };
    enum jws_key type = jws_rule(parts->alg)->key;
    size_t len, signed_len = parts->len[0] + 1 + parts->len[1];
    uint8_t *signature = decode(parts, 2, arena, &len, detail), mac[SHA256_SIZE];
    if (!signature) {
        return false;
    }
    /* A public key can never serve as an HMAC secret: its type is not that of the algorithm. */
    if (jws_rule(key->jwk.alg)->key != type) {
        *detail = arena_printf(arena, "token signature is invalid: key is of invalid type: %s",
                               words[type].wrong_type);
        return false;
    }
    bool right;
    if (type == JWS_KEY_OCT) {
        hmac_of(DIGEST_SHA256, key->jwk.secret, key->jwk.secret_len, parts->segment[0], signed_len,
                mac);
        right = len == sizeof mac && ct_equal(mac, signature, sizeof mac);
    } else {
        right = jws_verify(parts->alg, key->jwk.public_key, parts->segment[0], signed_len,
                           signature, len);
    }
    if (!right) {
        *detail = arena_printf(arena, "token signature is invalid: %s", words[type].wrong);
    }
    return right;
}

const char *keyring_verify(const struct keyring *keyring, struct arena *arena, const char *token,
                           const char **detail)
{
    struct parts parts = { .alg = JWS_HS256 };
    size_t len;
    if (!split(token, &parts, detail)) {
        return NULL;
    }
    const struct ring_key *key = key_of_header(keyring, &parts);
    if (key) {
        parts.alg = key->jwk.alg;
    } else if (!read_header(arena, &parts, detail)) {
        return NULL;
    }
    const char *payload = (const char *)decode(&parts, 1, arena, &len, detail);
    if (!payload) {
        return NULL;
    }
    if (!(keyring->valid >> parts.alg & 1)) {
        *detail = arena_printf(arena, "token signature is invalid: signing method %s is invalid",
                               jws_rule(parts.alg)->name);
        return NULL;
    }
    key = key ? key : key_for(keyring, arena, &parts, detail);
    if (!key || !check_signature(key, arena, &parts, detail)) {
        return NULL;
    }
    if (strlen(payload) != len) {
        *detail = "token is malformed: could not JSON decode claim: NUL in text";
        return NULL;
    }
    return payload;
}

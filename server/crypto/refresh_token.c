/* refresh_token.c: reading and writing the two forms of refresh tokens, see refresh_token.h.
 * Looking tokens up and rotating them is the session layer's work. */
#include "crypto/refresh_token.h"

#include "crypto/base64.h"
#include "crypto/ct_equal.h"
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <string.h>

enum { HEAD = 17, MAC = 16, CHECK = 4, COUNTER_MAX = 9, V1_TEXT = 12, V2_TEXT_MAX = 62 };

static bool is_v1(const char *text)
{
    for (; *text; text++) {
        if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9')) {
            return false;
        }
    }
    return true;
}

/* A LEB128 number of exactly len bytes in its shortest form. */
static bool read_counter(const uint8_t *bytes, size_t len, int64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        bool last = i + 1 == len;
        if ((bytes[i] >= 0x80) == last) {
            return false;
        }
        n |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
    }
    if (len > 1 && bytes[len - 1] == 0) {
        return false;
    }
    *out = (int64_t)n; /* 9 * 7 bits: never negative */
    return true;
}

static bool read_v2(const uint8_t *bytes, size_t len, struct refresh_token *out)
{
    uint8_t check[SHA256_SIZE];
    if (len < HEAD + 1 + MAC + CHECK || len > REFRESH_V2_BYTES || bytes[0] != 0) {
        return false;
    }
    digest_of(DIGEST_SHA256, bytes, len - CHECK, check);
    if (!ct_equal(check, bytes + len - CHECK, CHECK) ||
        !read_counter(bytes + HEAD, len - HEAD - MAC - CHECK, &out->counter)) {
        return false;
    }
    out->version = 2;
    memcpy(out->session.bytes, bytes + 1, sizeof out->session.bytes);
    memcpy(out->bytes, bytes, len);
    out->len = len;
    return true;
}

bool refresh_token_parse(struct arena *arena, const char *text, struct refresh_token *out)
{
    size_t len = strlen(text), bytes_len;
    uint8_t *bytes;
    *out = (struct refresh_token){ .version = 1, .text = text };
    if (len <= V1_TEXT) {
        return len == V1_TEXT && is_v1(text);
    }
    return len <= V2_TEXT_MAX && base64url_decode(arena, text, len, &bytes, &bytes_len) &&
           read_v2(bytes, bytes_len, out);
}

bool refresh_token_fits(const struct refresh_token *token, const uint8_t key[REFRESH_KEY])
{
    uint8_t mac[SHA256_SIZE];
    if (token->version != 2 || token->len < HEAD + 1 + MAC + CHECK) {
        return false;
    }
    size_t covered = token->len - MAC - CHECK;
    hmac_of(DIGEST_SHA256, key, REFRESH_KEY, token->bytes, covered, mac);
    bool fits = ct_equal(mac, token->bytes + covered, MAC);
    OPENSSL_cleanse(mac, sizeof mac);
    return fits;
}

char *refresh_token_v2(struct arena *arena, const uint8_t key[REFRESH_KEY],
                       const struct uuid *session, int64_t counter)
{
    uint8_t bytes[HEAD + COUNTER_MAX + SHA256_SIZE + SHA256_SIZE] = { 0 };
    size_t n = HEAD;
    memcpy(bytes + 1, session->bytes, sizeof session->bytes);
    uint64_t rest = (uint64_t)counter & INT64_MAX;
    for (; rest >= 0x80; rest >>= 7) {
        bytes[n++] = (uint8_t)(rest | 0x80);
    }
    bytes[n++] = (uint8_t)rest;
    hmac_of(DIGEST_SHA256, key, REFRESH_KEY, bytes, n, bytes + n); /* whole, of which 16 stay */
    n += MAC;
    digest_of(DIGEST_SHA256, bytes, n, bytes + n);
    n += CHECK;
    char *text = base64url_encode(arena, bytes, n);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return text;
}

char *refresh_token_v1(struct arena *arena, struct entropy *entropy)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char *text = arena_alloc(arena, V1_TEXT + 1);
    uint64_t random;
    entropy_bytes(entropy, &random, sizeof random);
    for (int i = 0; i < V1_TEXT; i++, random >>= 5) {
        text[i] = letters[random & 31];
    }
    return text;
}

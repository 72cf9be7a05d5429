/* totp.c: codes of RFC 4226 and RFC 6238, see totp.h. Knows neither factors nor what was used
 * before: the caller remembers the step that matched. */
#include "crypto/totp.h"

#include "base/clock.h"
#include "crypto/ct_equal.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

enum { WINDOW_MAX = 40, STEPS_MAX = 2 * WINDOW_MAX + 1, STEP_BYTES = 8 };

static void step_bytes(int64_t step, uint8_t out[STEP_BYTES])
{
    for (int i = 0; i < STEP_BYTES; i++) {
        out[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    }
}

/* RFC 4226 §5.3: dynamic truncation, then the last digits in decimal. */
static void truncate_mac(const uint8_t *mac, size_t size, int digits, char out[TOTP_CODE_TEXT])
{
    const uint8_t *from = mac + (mac[size - 1] & 15);
    uint32_t n = (uint32_t)(from[0] & 0x7f) << 24 | (uint32_t)from[1] << 16 |
                 (uint32_t)from[2] << 8 | from[3];
    out[digits] = '\0';
    for (int i = digits; i--; n /= 10) {
        out[i] = (char)('0' + n % 10);
    }
}

static const struct {
    const char *name;
    enum digest digest;
} names[] = { { "SHA1", DIGEST_SHA1 }, { "SHA256", DIGEST_SHA256 }, { "SHA512", DIGEST_SHA512 } };

const char *totp_digest_name(enum digest digest)
{
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] - 1 && names[i].digest != digest) {
        i++;
    }
    return names[i].name;
}

bool totp_digest_read(const char *name, enum digest *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i].name) == 0) {
            *out = names[i].digest;
            return true;
        }
    }
    return false;
}

bool totp_kind_equal(const struct totp_kind *a, const struct totp_kind *b)
{
    return a->digest == b->digest && a->digits == b->digits && a->period_s == b->period_s;
}

char *totp_code(const struct totp_kind *kind, const uint8_t *secret, size_t len, int64_t step,
                char out[TOTP_CODE_TEXT])
{
    uint8_t message[STEP_BYTES], mac[SHA512_SIZE];
    step_bytes(step, message);
    hmac_of(kind->digest, secret, len, message, sizeof message, mac);
    truncate_mac(mac, digest_size(kind->digest), kind->digits, out);
    OPENSSL_cleanse(mac, sizeof mac);
    return out;
}

int64_t totp_step(const struct totp_kind *kind, int64_t at_us)
{
    int64_t period_us = kind->period_s * US_PER_S;
    int64_t step = at_us / period_us;
    return at_us % period_us < 0 ? step - 1 : step;
}

bool totp_match(const struct totp_kind *kind, const uint8_t *secret, size_t len, const char *code,
                int64_t now_step, int window, int64_t after, int64_t *matched)
{
    uint8_t messages[STEPS_MAX * STEP_BYTES], macs[STEPS_MAX * SHA512_SIZE];
    char right[TOTP_CODE_TEXT];
    size_t size = digest_size(kind->digest);
    size_t digits = (size_t)kind->digits;
    /* Factors that are no authenticators have an empty secret, and its codes anyone can compute. */
    if (!len || strlen(code) != digits || window < 0) {
        return false;
    }
    window = window > WINDOW_MAX ? WINDOW_MAX : window;
    size_t count = 2 * (size_t)window + 1;
    for (size_t i = 0; i < count; i++) {
        step_bytes(now_step - window + (int64_t)i, messages + i * STEP_BYTES);
    }
    hmac_each(kind->digest, secret, len, messages, STEP_BYTES, count, macs);
    size_t found = 0; /* 1 + the place of the newest fitting step; every step is looked at */
    for (size_t i = 0; i < count; i++) {
        truncate_mac(macs + i * size, size, kind->digits, right);
        bool later = now_step - window + (int64_t)i > after;
        size_t mask = 0 - (size_t)(ct_equal(right, code, digits) & later);
        found = (found & ~mask) | ((i + 1) & mask);
    }
    OPENSSL_cleanse(macs, sizeof macs);
    OPENSSL_cleanse(right, sizeof right);
    if (found) {
        *matched = now_step - window + (int64_t)found - 1;
    }
    return found != 0;
}

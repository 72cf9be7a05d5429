/* totp.h: time-based one-time codes (RFC 6238): SHA-1, 30 s, 6 digits unless told otherwise. */
#ifndef COUNTERSIGN_CRYPTO_TOTP_H
#define COUNTERSIGN_CRYPTO_TOTP_H

#include "crypto/digest.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOTP_SECRET = 20, TOTP_PERIOD_S = 30, TOTP_CODE_TEXT = 11 };

struct totp_kind {
    enum digest digest; /* SHA1, SHA256 or SHA512 */
    int digits;         /* 6 to 8 */
    int period_s;
};

static const struct totp_kind totp_default = { DIGEST_SHA1, 6, TOTP_PERIOD_S };

/* What may be used: more digits than 8 are not in a code (RFC 4226 §5.3 has 31 bits), and a code
 * that lives longer than two minutes is too easily passed on (NIST SP 800-63B 5.1.4). */
enum { TOTP_DIGITS_MIN = 6, TOTP_DIGITS_MAX = 8, TOTP_PERIOD_MIN_S = 15, TOTP_PERIOD_MAX_S = 120 };

bool totp_kind_equal(const struct totp_kind *a, const struct totp_kind *b);

/* "SHA1", "SHA256" or "SHA512", as in Key URIs; read in either case. false: none of them. */
const char *totp_digest_name(enum digest digest);
bool totp_digest_read(const char *name, enum digest *out);

/* The code of a time step (RFC 4226 §5.3), NUL-terminated. */
char *totp_code(const struct totp_kind *kind, const uint8_t *secret, size_t len, int64_t step,
                char out[TOTP_CODE_TEXT]);

/* The step of at_us. */
int64_t totp_step(const struct totp_kind *kind, int64_t at_us);

/* Finds the newest step within `window` steps (at most 40) of now that is later than `after` and
 * whose code is `code`; constant time over the window. false if there is none. RFC 6238 §5.2. */
bool totp_match(const struct totp_kind *kind, const uint8_t *secret, size_t len, const char *code,
                int64_t now_step, int window, int64_t after, int64_t *matched);

#endif

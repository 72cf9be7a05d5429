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

static const struct totp_kind totp_default = {DIGEST_SHA1, 6, TOTP_PERIOD_S};

/* The code of a time step (RFC 4226 §5.3), NUL-terminated. */
char *totp_code(const struct totp_kind *kind, const uint8_t *secret, size_t len, int64_t step,
                char out[TOTP_CODE_TEXT]);

/* The step of at_us. */
int64_t totp_step(const struct totp_kind *kind, int64_t at_us);

/* Finds the newest step within `window` steps of now that is later than `after` and whose code is
 * `code`; constant time over the window. false if there is none. RFC 6238 §5.2. */
bool totp_match(const struct totp_kind *kind, const uint8_t *secret, size_t len, const char *code,
                int64_t now_step, int window, int64_t after, int64_t *matched);

#endif

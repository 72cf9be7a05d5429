/* transfer.h: TOTP factors as other servers and apps export them, read row by row, with memory for
 * one row at a time. Forms: otpauth:// URIs, one a line, and Google Authenticator's migration URIs;
 * CSV with a heading (Authelia's, among others); JSON: Keycloak's export of a realm or its users,
 * Auth0's bulk user files (mfa_factors), the plain files of Aegis, 2FAS, Bitwarden and andOTP, our
 * own. Says what a row holds and what is wrong with it; knows neither users nor storage. */
#ifndef COUNTERSIGN_FACTOR_TOTP_TRANSFER_H
#define COUNTERSIGN_FACTOR_TOTP_TRANSFER_H

#include "crypto/totp.h"

#include <stdio.h>

enum {
    TRANSFER_LINE_MAX = 8192,         /* bytes of a line */
    TRANSFER_ENTRY_MAX = 1024 * 1024, /* bytes of a user in JSON */
    TRANSFER_ROWS_MAX = 1000000,      /* of a file */
    TRANSFER_SECRET_MIN = 10,         /* bytes: 80 bits, the least that servers have given out */
    TRANSFER_SECRET_MAX = 128,
};

struct transfer_row {
    const char *where; /* "line 3", or of JSON "entry 3" and, of a user's second, "entry 3.2" */
    const char *user_id, *email, *phone; /* whose it is, as the file says; NULL: not given */
    const char *friendly_name;           /* NULL: not given */
    const uint8_t *secret;
    size_t secret_len;
    struct totp_kind kind;
    const char *wrong; /* NULL: nothing; never holds the secret */
    const char *other; /* not NULL: no TOTP factor but this; to be left out */
};

/* Calls take with each row, good for that call alone, until it returns false or the file ends.
 * Returns how many entries had no factor at all. */
int64_t transfer_read(FILE *in, bool (*take)(void *arg, const struct transfer_row *row), void *arg);

#endif

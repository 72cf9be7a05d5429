/* key_uri.h: the otpauth:// URI that authenticator apps read from the QR code. */
#ifndef COUNTERSIGN_FACTOR_TOTP_KEY_URI_H
#define COUNTERSIGN_FACTOR_TOTP_KEY_URI_H

#include "base/arena.h"

/* otpauth://totp/ISSUER:ACCOUNT?algorithm=SHA1&digits=6&issuer=ISSUER&period=30&secret=SECRET
 * (row E3). Issuer and account are percent-encoded whole: only letters, digits and -._~ stay (and
 * '@' in the account), so that the one ':' between them is the only one (row B11). */
const char *key_uri(struct arena *arena, const char *issuer, const char *account,
                    const char *secret);

#endif

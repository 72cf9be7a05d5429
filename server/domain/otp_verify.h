/* otp_verify.h: POST and GET /verify: codes and links used (accounts.md 4.5). */
#ifndef COUNTERSIGN_DOMAIN_OTP_VERIFY_H
#define COUNTERSIGN_DOMAIN_OTP_VERIFY_H

#include "domain/issued_session.h"

struct otp_verification {
    const char *type;
    const char *token, *token_hash; /* NULL or "": not given */
    const char *email, *phone;
    const char *aud;
    bool by_link; /* GET: a pkce_ token gives a code instead of a session */
    /* made by otp_verify_check */
    const char *address;
};

struct otp_verified {
    enum { VERIFIED_SESSION, VERIFIED_CODE, VERIFIED_HALF } outcome;
    struct issued_session issued;
    const char *auth_code; /* VERIFIED_CODE */
    const char *type;      /* as it turned out: row VF14 */
};

/* Rows VF2 to VF6. */
enum problem otp_verify_check(struct ctx *ctx, struct otp_verification *in) MUST_CHECK;

/* Rows VF10 to VF43. */
enum problem otp_verify_run(const struct realm *realm, struct tx *tx, const struct client *client,
                            const struct otp_verification *in, struct otp_verified *out) MUST_CHECK;

#endif

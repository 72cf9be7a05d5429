/* verify.h: POST and GET /verify: codes and links used (contract-accounts.md 4.5). */
#ifndef COUNTERSIGN_DOMAIN_VERIFY_H
#define COUNTERSIGN_DOMAIN_VERIFY_H

#include "domain/grant.h"

struct verify {
    const char *type;
    const char *token, *token_hash; /* NULL or "": not given */
    const char *email, *phone;
    const char *aud;
    bool by_link; /* GET: a pkce_ token gives a code instead of a session */
    /* made by verify_form */
    const char *address;
};

struct verified {
    enum { VERIFIED_SESSION, VERIFIED_CODE, VERIFIED_HALF } outcome;
    struct grant grant;
    const char *auth_code; /* VERIFIED_CODE */
    const char *type;      /* as it turned out: row VF14 */
};

/* Rows VF2 to VF6. */
enum problem verify_form(struct ctx *ctx, struct verify *in) MUST_CHECK;

/* Rows VF10 to VF43. */
enum problem verify_run(const struct realm *realm, struct tx *tx, const struct caller *caller,
                        const struct verify *in, struct verified *out) MUST_CHECK;

#endif

/* realm.h: what every rule may need to know: the settings and the keys. Made at start, read-only.
 */
#ifndef COUNTERSIGN_DOMAIN_REALM_H
#define COUNTERSIGN_DOMAIN_REALM_H

#include "base/ctx.h"
#include "config/config.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"

struct factor_kind;

struct realm {
    const struct config *config;
    const struct vault *vault;
    const struct keyring *keyring;
    const struct factor_kind *const *kinds; /* of factors; ends with NULL */
    /* Asks the service of breached passwords: deliver/breach.h. NULL: switched off. */
    enum problem (*ask_breach)(const struct config *config, struct ctx *ctx, const char *password,
                               bool *found);
    bool sms_incomplete;             /* an SMS provider is named, but its settings are not whole */
    bool codes_elsewhere;            /* the SMS provider makes and checks the codes of SMS */
    bool official_tokens;            /* one-time tokens are stored in the official server's form */
    uint8_t lookup_key[SHA256_SIZE]; /* for keyed hashes of what must not be readable */
};

/* Who sends a request, as far as rows are concerned. */
struct client {
    const char *ip;         /* text form */
    const char *user_agent; /* NULL if not sent */
    bool local;             /* on this machine, and nobody named whom it stands for */
};

#endif

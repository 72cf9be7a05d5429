/* otp_verify_effect.h: what a used code or link changes (accounts.md VF30 to VF36). */
#ifndef COUNTERSIGN_DOMAIN_OTP_VERIFY_EFFECT_H
#define COUNTERSIGN_DOMAIN_OTP_VERIFY_EFFECT_H

#include "domain/otp_verify.h"
#include "store/one_time_tokens.h"

struct verification {
    struct user *user;
    enum token_kind kind;
    const char *type;
    const char *flow_method; /* of the PKCE flow that goes on; NULL: none */
    bool half_done;          /* the first of two confirmations of an e-mail change */
};

enum problem otp_verify_effect(const struct realm *realm, struct tx *tx,
                               const struct otp_verification *in,
                               struct verification *v) MUST_CHECK;

#endif

/* enumeration.h: requests about an address that need no token: sign-up, /otp, /magiclink, /recover,
 * /resend, /verify (rule S4). Neither the status, nor a second request, nor the time taken tells
 * whether an account has the address: every address has the same pause between two messages, and
 * where there is no account, or nothing to send, the same work is done on rows that mean nothing.
 */
#ifndef COUNTERSIGN_DOMAIN_ENUMERATION_H
#define COUNTERSIGN_DOMAIN_ENUMERATION_H

#include "domain/realm.h"
#include "store/ghosts.h"
#include "store/users.h"

/* What shares a pause: it depends on the request alone, never on the account. */
enum enumeration_call {
    ENUMERATION_SIGN_UP,      /* sign-up by e-mail, /resend of its mail */
    ENUMERATION_CODE,         /* /recover, /magiclink, /otp by e-mail */
    ENUMERATION_EMAIL_CHANGE, /* /resend of these */
    ENUMERATION_PHONE,        /* sign-up, /otp and /resend by phone */
    ENUMERATION_PHONE_CHANGE,
};

/* Takes the pause of the address, or says how much of it is left (429). Where sign-ups are off it
 * says nothing: *quiet then means that nothing may be sent. */
enum problem enumeration_pause(const struct realm *realm, struct tx *tx, enum enumeration_call call,
                               const char *address, bool *quiet) MUST_CHECK;

/* Accounts that are confirmed ask for this as often as others do: what is left of the totals must
 * be answered to both alike (rule S3 keeps a part for the first). */
void enumeration_equal_totals(struct tx *tx);

/* Nobody with that address, for whom all is done as for a user; begins a ghost. */
struct user enumeration_decoy_user(const struct realm *realm, struct tx *tx, const char *aud,
                                   const char *email, const char *phone);

#endif

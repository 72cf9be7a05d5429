/* one_time_code.h: one-time codes and link tokens (accounts.md 4.1): made, stored as keyed
 * hashes, compared in constant time. Wrong tries are the caller's to count (code_guard.h). */
#ifndef COUNTERSIGN_DOMAIN_ONE_TIME_CODE_H
#define COUNTERSIGN_DOMAIN_ONE_TIME_CODE_H

#include "domain/code_guard.h"
#include "store/one_time_tokens.h"

struct one_time_code {
    const char *code;       /* digits */
    const char *link_token; /* of links; "pkce_" in front where a PKCE flow began it */
};

/* Makes and stores one for the user, in place of the one before. address: e-mail or phone digits
 * that it is sent to. code: NULL for a random one of the length. */
void code_make(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, bool pkce, int length, const char *code,
               struct one_time_code *out);

/* Is it the code of that kind, sent to that address? Whether it is still in time is the
 * caller's. */
bool code_fits(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, const char *code);

/* The same, of the first kind whose code it is. */
enum { CODE_KINDS_MAX = 2 };
struct code_kinds {
    enum token_kind list[CODE_KINDS_MAX];
    int n;
};
bool code_fits_one(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                   const struct code_kinds *kinds, const char *address, const char *code,
                   enum token_kind *out);

/* Where the SMS provider checks codes: what it said of this one. If it was not asked yet, notes
 * that it must be, and takes the code for right until then (api/external_calls.h); where nobody
 * would ask, no code is right. */
bool code_fits_elsewhere(struct tx *tx, const char *phone, const char *code);

/* Whose live link token is it, and of which of the kinds? */
bool link_find(const struct realm *realm, struct tx *tx, const struct code_kinds *kinds,
               const char *token, enum token_kind *out, struct uuid *user_id);

/* Who waits for this code of a change, to or from that address? */
bool change_code_find(const struct realm *realm, struct tx *tx, enum token_kind kind,
                      const char *address, const char *code, struct uuid *user_id);

#endif

/* one_time_code.h: one-time codes and link tokens (contract-accounts.md 4.1): made, stored as keyed
 * hashes, compared in constant time, void after ten wrong tries. */
#ifndef COUNTERSIGN_DOMAIN_ONE_TIME_CODE_H
#define COUNTERSIGN_DOMAIN_ONE_TIME_CODE_H

#include "domain/realm.h"
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

/* Is it the live code of that kind, sent to that address? A wrong one is counted, and that is to
 * be kept (tx_keep is called). Expiry is the caller's. */
bool code_fits(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, const char *code);

/* The same, of the first kind whose code it is; a wrong one is counted against each. */
enum { CODE_KINDS_MAX = 2 };
struct code_kinds {
    enum token_kind list[CODE_KINDS_MAX];
    int n;
};
bool code_fits_one(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                   const struct code_kinds *kinds, const char *address, const char *code,
                   enum token_kind *out);

/* Where the SMS provider checks codes: notes that it is to be asked about this one (while the
 * request is rehearsed, api/outside.h), or says what it answered. */
bool code_fits_elsewhere(struct tx *tx, const char *phone, const char *code);

/* Whose live link token is it? */
bool link_find(const struct realm *realm, struct tx *tx, enum token_kind kind, const char *token,
               struct uuid *user_id);

/* Who waits for this code of an e-mail change at that address? */
bool change_code_find(const struct realm *realm, struct tx *tx, enum token_kind kind,
                      const char *address, const char *code, struct uuid *user_id);

/* Nobody did: a wrong code was tried for whoever changes from or to that address; counted as in
 * code_fits. */
void change_code_failed(struct tx *tx, enum token_kind kind, const char *address);

#endif

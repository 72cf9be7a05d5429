/* one_time_tokens.h: one-time codes and link tokens, in their two places: a column of users (read
 * with an address and a code) and the table one_time_tokens (read by a link). One of a kind lives
 * a user. What is stored is made by domain/one_time_code.h. */
#ifndef COUNTERSIGN_STORE_ONE_TIME_TOKENS_H
#define COUNTERSIGN_STORE_ONE_TIME_TOKENS_H

#include "store/users.h"

enum token_kind {
    TOKEN_CONFIRMATION,
    TOKEN_RECOVERY,
    TOKEN_EMAIL_CHANGE_CURRENT,
    TOKEN_EMAIL_CHANGE_NEW,
    TOKEN_PHONE_CHANGE,
    TOKEN_REAUTHENTICATION,
    TOKEN_KIND_COUNT
};

/* Puts both copies down in place of the ones before; relates_to is the address. */
void token_put(struct tx *tx, const struct uuid *user_id, enum token_kind kind,
               const char *code_hash, const char *link_hash, const char *relates_to);

/* The hash in the column; "" if there is none. */
const char *token_code_hash(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* The user whose live token of the kind has this link hash. */
bool token_by_link(struct tx *tx, enum token_kind kind, const char *link_hash,
                   struct uuid *user_id);

/* The user whose column of the kind holds this code hash (e-mail changes). */
bool token_by_code(struct tx *tx, enum token_kind kind, const char *code_hash,
                   struct uuid *user_id);

/* The users whose live token of the kind was sent to this address; at most max, their number. */
int tokens_sent_to(struct tx *tx, enum token_kind kind, const char *address, struct uuid *ids,
                   int max);

/* Voids both copies of one kind. */
void token_clear(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* Ends changes of address and of number that wait, and the nonce of a reauthentication. */
void tokens_void_changes(struct tx *tx, const struct uuid *user_id);

/* Counts a wrong code for the kind; returns how many there were since token_put. */
int64_t token_failed(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* The user who waits to have the phone number; of several the one who asked last. */
bool user_by_phone_change(struct tx *tx, const char *aud, const char *phone, struct user *out);

#endif

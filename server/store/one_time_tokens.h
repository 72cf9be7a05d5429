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

/* Is it one of a change of e-mail address? The official server looks up codes of these in
 * one_time_tokens, so there the code's hash stands in both places, and the link in change_links. */
static inline bool token_is_change(enum token_kind kind)
{
    return kind == TOKEN_EMAIL_CHANGE_CURRENT || kind == TOKEN_EMAIL_CHANGE_NEW;
}

/* The kind as one_time_tokens names it. */
const char *token_type(enum token_kind kind);

/* Puts both copies down in place of the ones before; relates_to is the address. Returns the id of
 * the row of one_time_tokens. */
struct uuid token_put(struct tx *tx, const struct uuid *user_id, enum token_kind kind,
                      const char *code_hash, const char *link_hash, const char *relates_to);

/* The hash in the column; "" if there is none. */
const char *token_code_hash(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* The user whose live token of the kind has this link hash: of mails alone, and not what
 * change_links knows better. */
bool token_by_link(struct tx *tx, enum token_kind kind, const char *link_hash,
                   struct uuid *user_id);

/* The user who waits for a code of the kind at that address, and whose column holds one of the two
 * hashes. */
bool token_by_code(struct tx *tx, enum token_kind kind, const char *address, const char *code_hash,
                   const char *other_hash, struct uuid *user_id);

/* When the newest code of a change to or from that address was sent; 0: none is on its way. */
int64_t changes_sent_at(struct tx *tx, const char *address, bool phone);

/* Voids both copies of one kind. */
void token_clear(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* Voids the code alone; a link of the same mail stays. */
void token_void_code(struct tx *tx, const struct uuid *user_id, enum token_kind kind);

/* Ends changes of address and of number that wait, and the nonce of a reauthentication. */
void tokens_void_changes(struct tx *tx, const struct uuid *user_id);

/* The user who waits to have the phone number; of several the one who asked last. */
bool user_by_phone_change(struct tx *tx, const char *aud, const char *phone, struct user *out);

#endif

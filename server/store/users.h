/* users.h: the table users, one row a person. Times in microseconds since 1970, 0 where NULL. */
#ifndef COUNTERSIGN_STORE_USERS_H
#define COUNTERSIGN_STORE_USERS_H

#include "store/db.h"

struct user {
    struct uuid id;
    const char *aud, *role;
    const char *email, *phone; /* NULL if there is none */
    const char *password;      /* hash, maybe sealed; "" if there is none */
    int64_t email_confirmed_at, invited_at, confirmation_sent_at, recovery_sent_at;
    const char *email_change, *phone_change; /* pending addresses or "" */
    int64_t email_change_sent_at, last_sign_in_at, created_at, updated_at;
    int64_t phone_confirmed_at, phone_change_sent_at, reauthentication_sent_at;
    int64_t banned_until, deleted_at;
    const char *app_metadata, *user_metadata; /* JSON objects */
    int email_change_confirm_status;
    bool is_sso, is_anonymous;
};

/* All: false if there is no such user. Addresses as stored: lower-case, digits only. */
bool user_by_id(struct tx *tx, const struct uuid *id, struct user *out);
bool user_by_email(struct tx *tx, const char *aud, const char *email, struct user *out);
bool user_by_phone(struct tx *tx, const char *aud, const char *phone, struct user *out);

/* Says that user_by_id will be called soon (db_prefetch); the like of it is in other files. */
void user_prefetch(struct tx *tx, const struct uuid *id);

/* Orders this transaction behind all others of the user (user_by_… does so in a write transaction
 * anyway); for those that need nothing of the user's row. */
void user_lock(struct tx *tx, const struct uuid *id);

/* What an address is to other users than `except` (may be NULL), whatever their audience. */
enum standing {
    ADDRESS_FREE,
    ADDRESS_CLAIMED, /* somebody signed up with it, which is no proof: *claimant */
    ADDRESS_HELD,    /* somebody confirmed it, or an admin gave it to them */
};
enum standing user_email_standing(struct tx *tx, const char *email, const struct uuid *except,
                                  struct uuid *claimant);
enum standing user_phone_standing(struct tx *tx, const char *phone, const struct uuid *except,
                                  struct uuid *claimant);

/* Does another user hold it? Who takes a claimed one calls address_clear first. */
bool user_email_taken(struct tx *tx, const char *email, const struct uuid *except);
bool user_phone_taken(struct tx *tx, const char *phone, const struct uuid *except);

void user_insert(struct tx *tx, const struct user *user);

/* Writes all but id, aud and created_at; sets updated_at to now, in *user too. */
void user_save(struct tx *tx, struct user *user);
void user_set_audience(struct tx *tx, struct user *user, const char *aud);
void user_signed_in(struct tx *tx, struct user *user);
void user_set_password(struct tx *tx, const struct uuid *id, const char *stored);

/* Voids every one-time token of the user and its timers (row US13). */
void user_clear_tokens(struct tx *tx, struct user *user);

/* With all that hangs on it. */
void user_delete(struct tx *tx, const struct uuid *id);

struct user_query {
    const char *aud, *filter; /* filter: part of the e-mail or of full_name, or "" */
    bool ascending;           /* by created_at */
    int64_t limit, offset;
};

bool users_any(struct tx *tx); /* is there one at all? */

int64_t users_count(struct tx *tx, const struct user_query *query);

/* The page, in the arena; returns how many. */
int users_page(struct tx *tx, const struct user_query *query, struct user **out);

#endif

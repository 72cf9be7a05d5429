/* outbox.h: our own table outbox: mails and SMS that wait to be sent. Payloads hold one-time codes,
 * so they are sealed; they go with the row once it is sent. */
#ifndef COUNTERSIGN_STORE_OUTBOX_H
#define COUNTERSIGN_STORE_OUTBOX_H

#include "store/db.h"

struct outbox_row {
    struct uuid id;
    const char *kind;    /* "mail" or "sms" */
    const char *topic;   /* such as "confirmation"; for people */
    const char *payload; /* sealed with the row's id as owner; NULL once it was given up */
    int64_t created_at, next_try_at, attempts; /* next_try_at 0: given up */
    const char *last_error;                    /* NULL: none */
};

void outbox_insert(struct tx *tx, const struct outbox_row *row);

/* Takes at most n rows that are due, oldest first, counts an attempt and hides them from other
 * workers and nodes until lease_us from now. Returns how many, in the arena. */
int outbox_claim(struct tx *tx, int n, int64_t lease_us, struct outbox_row **out);

void outbox_delete(struct tx *tx, const struct uuid *id);

/* After a failure: when to try again, or never (the payload is dropped, the row stays to be seen
 * until it is swept). */
void outbox_retry(struct tx *tx, const struct uuid *id, int64_t next_try_at, const char *error);
void outbox_give_up(struct tx *tx, const struct uuid *id, const char *error);

/* When the next row is due; 0: nothing waits. */
int64_t outbox_next_at(struct tx *tx);

/* Everything that waits or was given up, oldest first, without payloads; returns how many. */
int outbox_list(struct tx *tx, int n, struct outbox_row **out);

#endif

/* notices.h: our own tables notice_counts and wrong_codes: they bound the number of notices, and
 * show when somebody else has a password. They hold on all nodes and over restarts. */
#ifndef COUNTERSIGN_STORE_NOTICES_H
#define COUNTERSIGN_STORE_NOTICES_H

#include "store/db.h"

/* Counts one more notice, or other message, of the kind about that subject; returns how many that
 * makes in the window of that length that began with the first of them, at *since (may be NULL). Of
 * requests at the same time, on any nodes, no two get the same number. */
int64_t notice_count(struct tx *tx, const struct uuid *subject_id, const char *kind,
                     int64_t window_us, int64_t *since);

/* The same in two steps, for a user whose row the transaction has locked: how many there are in the
 * window, which may be asked ahead, and one more. */
void notices_prefetch(struct tx *tx, const struct uuid *user_id, const char *kind,
                      int64_t window_us);
int64_t notices_of(struct tx *tx, const struct uuid *user_id, const char *kind, int64_t window_us);
void notice_put(struct tx *tx, const struct uuid *user_id, const char *kind, int64_t window_us);

/* How many wrong codes the user's sessions have together whose last one was after `since`, but for
 * sessions that a right code has raised meanwhile; and one more in the session. */
void failed_attempts_prefetch(struct tx *tx, const struct uuid *user_id, int64_t since);
int64_t failed_attempts_of(struct tx *tx, const struct uuid *user_id, int64_t since);
void failed_attempt_put(struct tx *tx, const struct uuid *session_id, const struct uuid *user_id);

#endif

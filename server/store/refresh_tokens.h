/* refresh_tokens.h: the table refresh_tokens, which holds tokens of version 1 (version 2 needs
 * none: its counter stands in the session). */
#ifndef COUNTERSIGN_STORE_REFRESH_TOKENS_H
#define COUNTERSIGN_STORE_REFRESH_TOKENS_H

#include "store/db.h"

struct refresh_row {
    int64_t id;
    const char *token, *parent; /* parent: NULL for the first of a session */
    bool revoked;
    int64_t created_at, updated_at;
    struct uuid session_id; /* nil: none */
};

/* Orders this transaction behind all others of the token's user, before anything is read. */
void refresh_row_lock(struct tx *tx, const char *token);

bool refresh_row_by_token(struct tx *tx, const char *token, struct refresh_row *out);

/* The newest of the session that is not revoked. */
bool refresh_row_active(struct tx *tx, const struct uuid *session_id, struct refresh_row *out);

/* The id of the session's newest, revoked or not; 0: none. */
int64_t refresh_row_newest(struct tx *tx, const struct uuid *session_id);

void refresh_row_insert(struct tx *tx, const struct uuid *user_id, const struct uuid *session_id,
                        const char *token, const char *parent);
void refresh_row_revoke(struct tx *tx, int64_t id);
void refresh_rows_revoke(struct tx *tx, const struct uuid *session_id);
/* Of a session's revoked tokens beyond the newest hundred the oldest go. */
void refresh_rows_trim(struct tx *tx, const struct uuid *session_id);
void refresh_row_delete(struct tx *tx, int64_t id);
void refresh_rows_delete(struct tx *tx, const struct uuid *session_id);

#endif

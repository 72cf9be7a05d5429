/* sessions.h: the table sessions: who is signed in, and how well. By which methods: amr.h. */
#ifndef COUNTERSIGN_STORE_SESSIONS_H
#define COUNTERSIGN_STORE_SESSIONS_H

#include "store/amr.h"

struct session {
    struct uuid id, user_id;
    int64_t created_at, not_after, refreshed_at; /* 0: none */
    struct uuid factor_id;                       /* nil: none */
    const char *aal; /* "aal1", "aal2", or NULL; never aal2 without mfa_at */
    int64_t mfa_at;  /* the newest step of a second factor that still lives; 0: none */
    bool has_dead;   /* the row says aal2, but the factor behind it is gone */
    const char *user_agent, *ip, *tag;
    const char *refresh_key; /* version 2: base64url of 32 bytes, maybe sealed; else NULL */
    int64_t refresh_counter; /* version 2: of the newest token */
};

/* Is there a place for refresh_key and refresh_counter? Not on an older schema of the official
 * server: new sessions get tokens of version 1 then. */
bool sessions_have_counters(const struct tx *tx);

bool session_by_id(struct tx *tx, const struct uuid *id, struct session *out);

void session_prefetch(struct tx *tx, const struct uuid *id);

/* Orders this transaction behind all others of the session's user, before the session is read. */
void session_lock(struct tx *tx, const struct uuid *id);

void session_insert(struct tx *tx, const struct session *session);

/* Writes factor, aal, refreshed_at, user_agent, ip, refresh key and counter. */
void session_save(struct tx *tx, const struct session *session);
void session_delete(struct tx *tx, const struct uuid *id);

/* Of a user's sessions beyond so many the oldest go, those of aal1 first; never this one. On
 * PostgreSQL only sessions that this server opened are counted and go. */
void sessions_trim(struct tx *tx, const struct session *newest, int64_t most);

/* All of a user but `except` (may be NULL). Returns how many. */
int64_t sessions_delete(struct tx *tx, const struct uuid *user_id, const struct uuid *except);

/* All of a user that did not begin with this method. */
void sessions_delete_not_by(struct tx *tx, const struct uuid *user_id, const char *method);

/* The same, but those whose level is aal2 stay. */
void sessions_delete_not_high(struct tx *tx, const struct uuid *user_id, const struct uuid *except);

/* All of a user whose level is below aal2, but `except` (row V8). A session without a level
 * stays. */
void sessions_delete_low(struct tx *tx, const struct uuid *user_id, const struct uuid *except);

/* This one alone falls to aal1, in *session too; its amr entries are left to amr_drop. */
void session_lower(struct tx *tx, struct session *session);

/* Is there another session of the user, same tag and no lower level, refreshed (or made) later,
 * that has not ended by itself: made and refreshed not before these times (0: no limit)? */
bool session_newer_exists(struct tx *tx, const struct session *session, int64_t made_since,
                          int64_t refreshed_since);

#endif

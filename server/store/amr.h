/* amr.h: the tables mfa_amr_claims and amr_factors: by which methods a session was signed in, and
 * which factor earned the entries of second factors (docs/protocol/security.md, S8). Of these,
 * those alone count behind which a verified factor lives; AMR_MFA_AT says so in SQL, for all. */
#ifndef COUNTERSIGN_STORE_AMR_H
#define COUNTERSIGN_STORE_AMR_H

#include "factor/methods.h"
#include "store/db.h"

struct amr {
    const char *method;
    int64_t at_us;
};

enum { AMR_MAX = 16 };

/* Is the entry a a second factor's? */
#define AMR_SECOND                                                                                 \
    "(a.authentication_method like '" METHOD_PREFIX "%' or a.authentication_method = "             \
    "'" METHOD_WITHOUT_PREFIX "')"

/* Does a factor live that is known to have earned the entry a of the session s? */
#define AMR_OWNER_LIVES                                                                            \
    "exists (select 1 from @@amr_factors o where o.session_id = a.session_id and "                 \
    "o.authentication_method = a.authentication_method and (exists (select 1 "                     \
    "from @mfa_factors f where f.id = o.factor_id and f.user_id = s.user_id "                      \
    "and f.status = 'verified') or exists (select 1 from @@recovery_sets c "                       \
    "where c.user_id = s.user_id and c.id = o.factor_id and exists (select 1 "                     \
    "from @mfa_factors f where f.user_id = s.user_id and f.status = 'verified'))))"

/* Another server made the entry a, or renewed it. */
#define AMR_FOREIGN                                                                                \
    "not exists (select 1 from @@amr_factors o where o.session_id = a.session_id and "             \
    "o.authentication_method = a.authentication_method and o.verified_at >= a.updated_at)"

/* Has the session's user a verified factor of the entry's method? */
#define AMR_KIND_LIVES                                                                             \
    "exists (select 1 from @mfa_factors f where f.user_id = s.user_id and f.status = 'verified' "  \
    "and cast(f.factor_type as text) = replace(a.authentication_method, '" METHOD_PREFIX           \
    "', '')) "                                                                                     \
    "or (a.authentication_method = '" RECOVERY_CODE_METHOD "' and "                                \
    "exists (select 1 from @@recovery_sets c where c.user_id = s.user_id) and "                    \
    "exists (select 1 from @mfa_factors f where f.user_id = s.user_id and f.status = 'verified'))"

/* Does the entry a of a second factor count? */
#define AMR_COUNTS "(" AMR_OWNER_LIVES " or (" AMR_FOREIGN " and (" AMR_KIND_LIVES ")))"

/* When a second factor was last verified in the session s; null: it is aal1. */
#define AMR_MFA_AT                                                                                 \
    "(select max(a.updated_at) from @mfa_amr_claims a where a.session_id = s.id and " AMR_SECOND   \
    " and " AMR_COUNTS ")"

/* Puts a method down, or renews its time (row S3). */
void amr_put(struct tx *tx, const struct uuid *session_id, const char *method);

/* The same, of a second factor, which earns it. */
void amr_earn(struct tx *tx, const struct uuid *session_id, const char *method,
              const struct uuid *factor_id);

/* Takes a method out, if its time is still before that one. */
void amr_drop(struct tx *tx, const struct uuid *session_id, const char *method, int64_t before_us);

/* Takes out what no living factor stands behind. */
void amr_drop_dead(struct tx *tx, const struct uuid *session_id);

/* The factor has gone, or what it earned is void: takes its entries out of all sessions of the user
 * but `except` (may be NULL), and sessions that have no other fall to aal1 (row U3). */
void amr_drop_factor(struct tx *tx, const struct uuid *user_id, const struct uuid *factor_id,
                     const char *method, const struct uuid *except);

/* Newest first by whole second, then by method, into list[AMR_MAX]; returns how many. What no
 * living factor stands behind is left out. */
int amr_of(struct tx *tx, const struct uuid *session_id, struct amr *list);
void amr_prefetch(struct tx *tx, const struct uuid *session_id);

/* What amr_of says after amr_put, worked out without asking; returns how many. */
int amr_with(struct amr *list, int n, const char *method, int64_t at_us);

/* When another server last raised the session; 0: never. */
int64_t amr_foreign_at(struct tx *tx, const struct uuid *session_id);
void amr_foreign_at_prefetch(struct tx *tx, const struct uuid *session_id);

#endif

/* attempt_origin.h: where an attempt comes from. Wrong ones are counted by origin (security.md
 * S15), so that somebody who knows only the password cannot use up the owner's tries. */
#ifndef COUNTERSIGN_DOMAIN_ATTEMPT_ORIGIN_H
#define COUNTERSIGN_DOMAIN_ATTEMPT_ORIGIN_H

#include "domain/realm.h"
#include "store/sessions.h"
#include "store/step_guards.h"

struct attempt_origin {
    const char *name;    /* in step_guards; NULL: a stranger's, for all that is known */
    const char *network; /* of the request, by a keyed hash; NULL: none that tells people apart */
    bool fresh;          /* the network was noted today */
    const char *oldest;  /* network that must go if another one is noted; NULL: there is room */
    struct tries tries;  /* so far; of a name */
};

/* A request that comes with a proof. */
struct request_proof {
    const struct uuid *user_id, *subject_id; /* subject: a factor or a set of codes */
    const char *aal;                         /* of the request: aal_of_request() */
    const struct amr *amr;                   /* of its session */
    int n_amr;
    const char *ip;
};

void attempt_origin_prefetch(struct tx *tx, const struct uuid *user_id,
                             const struct uuid *subject_id);
struct attempt_origin attempt_origin_of(const struct realm *realm, struct tx *tx,
                                        const struct request_proof *proof);

/* A factor was verified: the network is the user's. */
void attempt_origin_proved(struct tx *tx, const struct uuid *user_id,
                           const struct attempt_origin *origin);

#endif

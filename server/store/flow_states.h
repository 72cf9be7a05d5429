/* flow_states.h: the table flow_state: PKCE flows between their start and the exchange. */
#ifndef COUNTERSIGN_STORE_FLOW_STATES_H
#define COUNTERSIGN_STORE_FLOW_STATES_H

#include "store/db.h"

struct flow_state {
    struct uuid id, user_id;
    const char *auth_code, *code_challenge, *code_challenge_method;
    const char *provider_type, *authentication_method;
    int64_t created_at, auth_code_issued_at;
};

void flow_state_insert(struct tx *tx, const struct flow_state *flow);
bool flow_state_by_code(struct tx *tx, const char *auth_code, struct flow_state *out);

/* The newest of the user and method. */
bool flow_state_newest(struct tx *tx, const struct uuid *user_id, const char *method,
                       struct flow_state *out);

void flow_state_issued(struct tx *tx, const struct uuid *id, int64_t at_us);
void flow_state_delete(struct tx *tx, const struct uuid *id);
void flow_states_delete(struct tx *tx, const struct uuid *user_id); /* all of the user */

/* All of the user but that one (nil: all). */
void flow_states_delete_except(struct tx *tx, const struct uuid *user_id, const struct uuid *kept);

#endif

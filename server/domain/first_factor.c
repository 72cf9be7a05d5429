/* first_factor.c: see first_factor.h. */
#include "domain/first_factor.h"

#include "store/flow_states.h"
#include "store/one_time_tokens.h"
#include "store/recovery_sets.h"

bool factor_beside(const struct factor *list, int n, const struct uuid *but)
{
    for (int i = 0; i < n; i++) {
        if (factor_is_verified(&list[i]) && !(but && uuid_equal(&list[i].id, but))) {
            return true;
        }
    }
    return false;
}

void first_factor_voids(struct tx *tx, struct user *user)
{
    factors_delete_unverified(tx, &user->id, NULL);
    tokens_void_changes(tx, &user->id);
    flow_states_delete(tx, &user->id);
    recovery_set_delete(tx, &user->id); /* of factors that another program took away */
    user->email_change = user->phone_change = "";
    user->email_change_confirm_status = 0;
    user->email_change_sent_at = user->phone_change_sent_at = user->reauthentication_sent_at = 0;
}

/* account_reset.c: see account_reset.h. */
#include "domain/account_reset.h"

#include "domain/profile.h"
#include "store/factors.h"
#include "store/flow_states.h"
#include "store/recovery_sets.h"
#include "store/sessions.h"

#include <string.h>

bool account_unproven(const struct user *u)
{
    return !u->email_confirmed_at && !u->phone_confirmed_at;
}

static bool of_address(const struct identity *identity, const struct user *u, bool by_email)
{
    return by_email ? strcmp(identity->provider, "email") == 0 && identity->email && u->email &&
                          strcmp(identity->email, u->email) == 0
                    : strcmp(identity->provider, "phone") == 0;
}

static void forget_identities(struct tx *tx, const struct user *u, bool by_email)
{
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    for (int i = 0; i < n; i++) {
        if (!of_address(&list[i], u, by_email)) {
            identity_delete(tx, &list[i].id);
        }
    }
}

static void forget_sessions(struct tx *tx, const struct user *u, const struct kept *kept)
{
    if (kept->anonymous) {
        sessions_delete_not_by(tx, &u->id, "anonymous");
    } else {
        sessions_delete(tx, &u->id, kept->session);
    }
    flow_states_delete_except(tx, &u->id, kept->flow ? kept->flow : &uuid_nil);
}

/* An address that an admin gave and nobody has confirmed stays theirs. */
static bool waits_still(const struct user *u)
{
    return (u->email && !u->email_confirmed_at) || (u->phone && !u->phone_confirmed_at);
}

void account_reset(struct tx *tx, struct user *u, bool by_email, const struct kept *kept)
{
    struct vouch vouch = vouch_of(tx, &u->id);
    forget_sessions(tx, u, kept);
    user_clear_tokens(tx, u);
    u->email_change = u->phone_change = "";
    u->email_change_confirm_status = 0;
    if (!vouch.known) {
        factors_delete(tx, &u->id);
        recovery_set_delete(tx, &u->id);
        u->email = by_email || u->email_confirmed_at ? u->email : NULL;
        u->phone = !by_email || u->phone_confirmed_at ? u->phone : NULL;
        forget_identities(tx, u, by_email);
    }
    if (!kept->password && !vouch.password) {
        u->password = "";
    }
    if (!kept->metadata && !vouch.metadata) {
        account_set_data(tx, u, by_email ? "email" : "phone", NULL);
        u->user_metadata = vouch.known ? "{}" : u->user_metadata; /* as admins make them */
    }
    if (vouch.known && !waits_still(u)) {
        vouch_delete(tx, &u->id);
    }
}

void account_set_data(struct tx *tx, struct user *u, const char *provider,
                      const struct json_t *data)
{
    const char *email = strcmp(provider, "email") == 0 ? u->email : NULL;
    const char *fresh = identity_data_of(tx->ctx->arena, &u->id, email, NULL, data);
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    u->user_metadata = fresh;
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].provider, provider) == 0) {
            list[i].data = fresh;
            identity_save(tx, &list[i]);
            return;
        }
    }
    identity_add(tx, u, provider, fresh);
}

/* address_claim.c: see address_claim.h. */
#include "domain/address_claim.h"

#include "domain/account_reset.h"
#include "domain/audit_event.h"
#include "domain/profile.h"

#include <string.h>

static enum problem taken(bool by_email)
{
    return by_email ? P_EMAIL_TAKEN : P_PHONE_TAKEN;
}

static enum standing standing_of(struct tx *tx, bool by_email, const char *address,
                                 const struct uuid *self, struct uuid *claimant)
{
    return by_email ? user_email_standing(tx, address, self, claimant)
                    : user_phone_standing(tx, address, self, claimant);
}

/* As the row is, once it is locked: it may have been confirmed meanwhile, or be gone. */
static bool merely_claims(struct tx *tx, const struct user *u, bool by_email, const char *address)
{
    const char *has = by_email ? u->email : u->phone;
    int64_t confirmed = by_email ? u->email_confirmed_at : u->phone_confirmed_at;
    return has && strcmp(has, address) == 0 && !confirmed && !vouch_of(tx, &u->id).known;
}

static void drop_identities(struct tx *tx, const struct user *u, const char *provider)
{
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].provider, provider) == 0) {
            identity_delete(tx, &list[i].id);
        }
    }
}

/* Nothing leads into an account without an address, an identity and a session; its row stays for
 * what refers to it. */
static void take_away(const struct realm *realm, struct tx *tx, bool by_email, struct user *u)
{
    bool empty = account_unproven(u) && !u->is_anonymous && !u->is_sso;
    if (empty) {
        account_reset(tx, u, by_email, &(struct kept){ .metadata = true });
        u->user_metadata = "{}";
        u->deleted_at = tx->ctx->now_us;
    } else {
        user_clear_tokens(tx, u);
    }
    *(by_email ? &u->email : &u->phone) = NULL;
    drop_identities(tx, u, by_email ? "email" : "phone");
    providers_recompute(tx, u);
    user_save(tx, u);
    audit_by_user(realm, tx, u, empty ? AUDIT_USER_DELETED : AUDIT_USER_MODIFIED, NULL, NULL);
}

enum problem address_clear(const struct realm *realm, struct tx *tx, bool by_email,
                           const char *address, const struct uuid *self)
{
    struct uuid claimant;
    struct user u;
    switch (standing_of(tx, by_email, address, self, &claimant)) {
    case ADDRESS_FREE:
        return P_OK;
    case ADDRESS_HELD:
        return taken(by_email);
    default:
        break;
    }
    if (!user_by_id(tx, &claimant, &u)) {
        return P_OK;
    }
    if (!merely_claims(tx, &u, by_email, address)) {
        return taken(by_email);
    }
    take_away(realm, tx, by_email, &u);
    return P_OK;
}

static enum problem claimed_elsewhere(const struct realm *realm, struct tx *tx, bool by_email,
                                      const char *aud, const char *address, struct user *out,
                                      bool *found)
{
    struct uuid claimant;
    enum standing standing = standing_of(tx, by_email, address, NULL, &claimant);
    *found = false;
    if (standing == ADDRESS_FREE) {
        return P_OK;
    }
    if (standing == ADDRESS_HELD || !user_by_id(tx, &claimant, out) ||
        !merely_claims(tx, out, by_email, address)) {
        return taken(by_email);
    }
    *found = account_unproven(out) && !out->is_anonymous && !out->is_sso;
    if (*found) {
        user_set_audience(tx, out, aud);
    } else {
        take_away(realm, tx, by_email, out);
    }
    return P_OK;
}

bool address_is_foreign(struct tx *tx, const struct user *u, bool by_email)
{
    const char *address = by_email ? u->email : u->phone;
    return !account_unproven(u) && address && merely_claims(tx, u, by_email, address);
}

enum problem address_account(const struct realm *realm, struct tx *tx, bool by_email,
                             const char *aud, const char *address, struct user *out, bool *found)
{
    *found = by_email ? user_by_email(tx, aud, address, out) : user_by_phone(tx, aud, address, out);
    if (!*found) {
        return claimed_elsewhere(realm, tx, by_email, aud, address, out, found);
    }
    if (address_is_foreign(tx, out, by_email)) {
        take_away(realm, tx, by_email, out);
        *found = false;
    }
    return P_OK;
}

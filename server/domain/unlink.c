/* unlink.c: a user removes a way to sign in, see unlink.h. */
#include "domain/unlink.h"

#include "base/json.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/message.h"
#include "domain/notice.h"
#include "domain/profile.h"

#include <string.h>

/* By the identity's own word, or because the user has confirmed that very address. */
static bool verified(struct arena *arena, const struct user *user, const struct identity *identity)
{
    const char *detail;
    if (user->email && user->email_confirmed_at && strcmp(user->email, identity->email) == 0) {
        return true;
    }
    return json_truth(json_member(json_read(arena, identity->data, strlen(identity->data), &detail),
                                  "email_verified"));
}

/* Row ID5: the address comes from what is left, where that shows that it was verified: an address
 * that nobody has shown to be theirs keeps its owner out (security.md S13). */
static enum problem take_over_email(const struct realm *realm, struct tx *tx, struct user *user,
                                    const struct identity *list, int n, int gone)
{
    const struct identity *best = NULL;
    bool proven = false;
    for (int i = 0; i < n && !proven; i++) {
        if (i != gone && list[i].email) {
            proven = verified(tx->ctx->arena, user, &list[i]);
            best = proven || !best ? &list[i] : best;
        }
    }
    if (best && user_email_taken(tx, best->email, &user->id)) {
        return P_IDENTITY_EMAIL_CONFLICT;
    }
    const char *email = proven ? best->email : NULL;
    if (email && address_clear(realm, tx, true, email, &user->id)) {
        return P_IDENTITY_EMAIL_CONFLICT;
    }
    if (!email || !user->email || strcmp(email, user->email) != 0) {
        user->email = email;
        user->email_confirmed_at = email ? tx->ctx->now_us : 0;
        user_clear_tokens(tx, user);
    }
    return P_OK;
}

static enum problem check_level(struct tx *tx, const struct subject *subject)
{
    struct session session;
    bool high = session_by_id(tx, &subject->session_id, &session) &&
                aal_is_2(aal_of_request(subject->aal, &session));
    return !high && factor_any_verified(tx, &subject->user_id) ? P_UNLINK_NEEDS_AAL2 : P_OK;
}

enum problem identity_unlink(const struct realm *realm, struct tx *tx,
                             const struct subject *subject, const struct uuid *identity_id)
{
    struct user user;
    struct identity *list;
    int gone = -1;
    if (!user_by_id(tx, &subject->user_id, &user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    int n = identities_of(tx, &user.id, &list);
    if (n <= 1) {
        return P_IDENTITY_LAST;
    }
    for (int i = 0; i < n; i++) {
        gone = uuid_equal(&list[i].id, identity_id) ? i : gone;
    }
    if (gone < 0) {
        return P_IDENTITY_NOT_FOUND;
    }
    const char *former = user.email;
    enum problem problem = check_level(tx, subject);
    if (problem) {
        return problem;
    }
    if (strcmp(list[gone].provider, "phone") == 0) {
        user.phone = NULL;
        user.phone_confirmed_at = 0;
    } else {
        problem = take_over_email(realm, tx, &user, list, n, gone);
    }
    if (problem) {
        return problem;
    }
    identity_delete(tx, identity_id);
    providers_recompute(tx, &user);
    user_save(tx, &user);
    char id[UUID_TEXT];
    audit_by_user(realm, tx, &user, AUDIT_IDENTITY_UNLINKED, subject->client->ip,
                  TRAITS({ "identity_id", uuid_format(identity_id, id) },
                         { "provider", list[gone].provider },
                         { "provider_id", list[gone].provider_id }));
    struct mail mail = { .kind = MAIL_IDENTITY_UNLINKED,
                         .to = former,
                         .provider = list[gone].provider };
    notify(realm, tx, &user, &mail);
    return P_OK;
}

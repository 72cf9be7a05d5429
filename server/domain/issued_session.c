/* issued_session.c: collects what a session's answer shows, see issued_session.h. */
#include "domain/issued_session.h"

#include "store/recovery_sets.h"
#include "domain/request.h"

void account_prefetch(struct tx *tx, const struct uuid *user_id)
{
    factors_prefetch(tx, user_id);
    identities_prefetch(tx, user_id);
    if (request_of(tx->ctx)->lists_recovery_codes) {
        recovery_set_as_factor_prefetch(tx, user_id);
    }
}

void account_load(struct tx *tx, struct account *account)
{
    account_prefetch(tx, &account->user.id);
    account->n_factors = factors_of(tx, &account->user.id, &account->factors);
    account->n_identities = identities_of(tx, &account->user.id, &account->identities);
    account->codes.type = NULL;
    if (request_of(tx->ctx)->lists_recovery_codes) {
        recovery_set_as_factor(tx, &account->user.id, &account->codes);
    }
}

static const struct account *copy_of(struct tx *tx, const struct user *user)
{
    if (!tx->provisional) { /* nobody is told of it then */
        return NULL;
    }
    struct account *copy = ARENA_NEW(tx->ctx->arena, struct account);
    copy->user = *user;
    account_load(tx, copy);
    return copy;
}

void account_created(struct tx *tx, const struct user *user)
{
    if (tx->ghost) {
        request_of(tx->ctx)->equal_time |= EQUAL_TIME_CREATED;
        return;
    }
    const struct account *copy = copy_of(tx, user);
    struct request *r = request_of(tx->ctx);
    r->created = copy ? copy : r->created;
}

void account_announced(struct tx *tx, const struct user *user)
{
    if (tx->ghost) {
        request_of(tx->ctx)->equal_time |= EQUAL_TIME_ANNOUNCED;
        return;
    }
    const struct account *copy = copy_of(tx, user);
    struct request *r = request_of(tx->ctx);
    r->announced = copy ? copy : r->announced;
}

void issued_session_load(struct tx *tx, struct issued_session *issued)
{
    amr_prefetch(tx, &issued->session.id);
    account_prefetch(tx, &issued->account.user.id);
    db_last(tx);
    account_load(tx, &issued->account);
    issued->n_amr = amr_of(tx, &issued->session.id, issued->amr);
}

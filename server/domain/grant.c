/* grant.c: collects what a session's answer shows, see grant.h. */
#include "domain/grant.h"

#include "store/recovery_sets.h"

void person_ahead(struct tx *tx, const struct uuid *user_id)
{
    factors_ahead(tx, user_id);
    identities_ahead(tx, user_id);
    if (tx->ctx->lists_recovery_codes) {
        recovery_set_as_factor_ahead(tx, user_id);
    }
}

void person_load(struct tx *tx, struct person *person)
{
    person_ahead(tx, &person->user.id);
    person->n_factors = factors_of(tx, &person->user.id, &person->factors);
    person->n_identities = identities_of(tx, &person->user.id, &person->identities);
    person->codes.type = NULL;
    if (tx->ctx->lists_recovery_codes) {
        recovery_set_as_factor(tx, &person->user.id, &person->codes);
    }
}

static const struct person *copy_of(struct tx *tx, const struct user *user)
{
    if (!tx->ctx->asks) { /* nobody is told of it then */
        return NULL;
    }
    struct person *copy = ARENA_NEW(tx->ctx->arena, struct person);
    copy->user = *user;
    person_load(tx, copy);
    return copy;
}

void person_created(struct tx *tx, const struct user *user)
{
    if (tx->ghost) {
        tx->ctx->waits_alike |= ALIKE_CREATED;
        return;
    }
    const struct person *copy = copy_of(tx, user);
    tx->ctx->created = copy ? copy : tx->ctx->created;
}

void person_announced(struct tx *tx, const struct user *user)
{
    if (tx->ghost) {
        tx->ctx->waits_alike |= ALIKE_ANNOUNCED;
        return;
    }
    const struct person *copy = copy_of(tx, user);
    tx->ctx->announced = copy ? copy : tx->ctx->announced;
}

void grant_load(struct tx *tx, struct grant *grant)
{
    amr_ahead(tx, &grant->session.id);
    person_ahead(tx, &grant->person.user.id);
    db_last(tx);
    person_load(tx, &grant->person);
    grant->n_amr = amr_of(tx, &grant->session.id, grant->amr);
}

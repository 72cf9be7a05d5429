/* grant.c: collects what a session's answer shows, see grant.h. */
#include "domain/grant.h"

void person_load(struct tx *tx, struct person *person)
{
    person->n_factors = factors_of(tx, &person->user.id, &person->factors);
    person->n_identities = identities_of(tx, &person->user.id, &person->identities);
}

void person_created(struct tx *tx, const struct user *user)
{
    if (tx->ctx->rehearsing) { /* nobody is told of it otherwise */
        struct person *created = ARENA_NEW(tx->ctx->arena, struct person);
        created->user = *user;
        person_load(tx, created);
        tx->ctx->created = created;
    }
}

void grant_load(struct tx *tx, struct grant *grant)
{
    person_load(tx, &grant->person);
    grant->n_amr = amr_of(tx, &grant->session.id, grant->amr);
}

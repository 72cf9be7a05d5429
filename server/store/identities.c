/* identities.c: SQL of the table identities, see identities.h. */
#include "store/identities.h"

DB_SQL(of_user, "select id, provider, provider_id, identity_data, email, last_sign_in_at, "
                "created_at, updated_at from @identities where user_id = $1 "
                "order by created_at, provider, id limit 64");

void identities_prefetch(struct tx *tx, const struct uuid *user_id)
{
    db_prefetch(tx, &of_user, V_ID(user_id));
}

int identities_of(struct tx *tx, const struct uuid *user_id, struct identity **out)
{
    enum { MOST = 64 };
    struct rows *r = db_query(tx, &of_user, V_ID(user_id));
    struct identity *list = NULL;
    int n = 0;
    while (n < MOST && rows_next(r)) {
        if (!list) {
            list = ARENA_ARRAY(tx->ctx->arena, struct identity, MOST);
        }
        list[n++] = (struct identity){
            .id = rows_id(r, 0),
            .user_id = *user_id,
            .provider = rows_text(r, 1),
            .provider_id = rows_text(r, 2),
            .data = rows_text(r, 3),
            .email = rows_text(r, 4),
            .last_sign_in_at = rows_time(r, 5),
            .created_at = rows_time(r, 6),
            .updated_at = rows_time(r, 7),
        };
    }
    rows_end(r);
    *out = list;
    return n;
}

void identity_insert(struct tx *tx, const struct identity *i)
{
    DB_SQL(sql, "insert into @identities (id, provider_id, user_id, identity_data, provider, "
                "last_sign_in_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8)");
    db_run(tx, &sql, V_ID(&i->id), V_TEXT(i->provider_id), V_ID(&i->user_id), V_JSON(i->data),
           V_TEXT(i->provider), V_TIME(i->last_sign_in_at), V_TIME(i->created_at),
           V_TIME(i->updated_at));
}

void identity_save(struct tx *tx, const struct identity *i)
{
    DB_SQL(sql, "update @identities set provider_id = $1, identity_data = $2, updated_at = $3 "
                "where id = $4");
    db_run(tx, &sql, V_TEXT(i->provider_id), V_JSON(i->data), V_TIME(tx->ctx->now_us),
           V_ID(&i->id));
}

void identity_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @identities where id = $1");
    db_run(tx, &sql, V_ID(id));
}

/* sign_in_networks.c: SQL of the table sign_in_networks, see sign_in_networks.h. */
#include "store/sign_in_networks.h"

#define DAY_US (86400 * US_PER_S)
#define KEPT "20"

void sign_in_network_put(struct tx *tx, const struct uuid *user_id, const char *network)
{
    DB_SQL(put, "insert into @@sign_in_networks (user_id, network, seen_at) values ($1, $2, $3) "
                "on conflict (user_id, network) do update set seen_at = excluded.seen_at "
                "where sign_in_networks.seen_at < $4"); /* once a day is enough */
    DB_SQL(old, "delete from @@sign_in_networks where user_id = $1 and seen_at < (select "
                "min(seen_at) from (select seen_at from @@sign_in_networks where user_id = $1 "
                "order by seen_at desc limit " KEPT ") newest)");
    db_run(tx, &put, V_ID(user_id), V_TEXT(network), V_TIME(tx->ctx->now_us),
           V_TIME(tx->ctx->now_us - DAY_US));
    db_run(tx, &old, V_ID(user_id));
}

DB_SQL(is_known, "select 1 from @@sign_in_networks where user_id = $1 and network = $2 and "
                 "seen_at > $3");

void sign_in_network_prefetch(struct tx *tx, const struct uuid *user_id, const char *network)
{
    db_prefetch(tx, &is_known, V_ID(user_id), V_TEXT(network),
                V_TIME(tx->ctx->now_us - SIGN_IN_NETWORK_US));
}

bool sign_in_network_is(struct tx *tx, const struct uuid *user_id, const char *network)
{
    struct rows *r = db_query(tx, &is_known, V_ID(user_id), V_TEXT(network),
                              V_TIME(tx->ctx->now_us - SIGN_IN_NETWORK_US));
    bool known = rows_next(r);
    rows_end(r);
    return known;
}

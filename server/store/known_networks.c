/* known_networks.c: SQL of the table known_networks, see known_networks.h. */
#include "store/known_networks.h"

#define DAY_US (86400 * US_PER_S)
#define KEPT "20"

void known_network_put(struct tx *tx, const struct uuid *user_id, const char *network)
{
    DB_SQL(put, "insert into @@known_networks (user_id, network, seen_at) values ($1, $2, $3) "
                "on conflict (user_id, network) do update set seen_at = excluded.seen_at "
                "where known_networks.seen_at < $4"); /* once a day is enough */
    DB_SQL(old, "delete from @@known_networks where user_id = $1 and seen_at < (select "
                "min(seen_at) from (select seen_at from @@known_networks where user_id = $1 "
                "order by seen_at desc limit " KEPT ") newest)");
    db_run(tx, &put, V_ID(user_id), V_TEXT(network), V_TIME(tx->ctx->now_us),
           V_TIME(tx->ctx->now_us - DAY_US));
    db_run(tx, &old, V_ID(user_id));
}

DB_SQL(is_known, "select 1 from @@known_networks where user_id = $1 and network = $2 and "
                 "seen_at > $3");

void known_network_ahead(struct tx *tx, const struct uuid *user_id, const char *network)
{
    db_ahead(tx, &is_known, V_ID(user_id), V_TEXT(network),
             V_TIME(tx->ctx->now_us - KNOWN_NETWORK_US));
}

bool known_network_is(struct tx *tx, const struct uuid *user_id, const char *network)
{
    struct rows *r = db_query(tx, &is_known, V_ID(user_id), V_TEXT(network),
                              V_TIME(tx->ctx->now_us - KNOWN_NETWORK_US));
    bool known = rows_next(r);
    rows_end(r);
    return known;
}

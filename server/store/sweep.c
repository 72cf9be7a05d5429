/* sweep.c: SQL that deletes what has expired, see sweep.h. */
#include "store/sweep.h"

#define DAY_US (86400 * US_PER_S)

int64_t sweep(struct tx *tx, const struct sweep_ages *ages)
{
    DB_SQL(tokens, "delete from @refresh_tokens where id in (select id from @refresh_tokens "
                   "where updated_at < $1 and revoked = true limit 200)");
    DB_SQL(ended, "delete from @sessions where id in (select id from @sessions "
                  "where not_after < $1 limit 50)");
    DB_SQL(boxed, "delete from @sessions where id in (select id from @sessions "
                  "where created_at < $1 limit 100)");
    DB_SQL(idle, "delete from @sessions where id in (select id from @sessions "
                 "where coalesce(refreshed_at, created_at) < $1 limit 100)");
    DB_SQL(challenges, "delete from @mfa_challenges where id in (select id from @mfa_challenges "
                       "where created_at < $1 order by id limit 200)");
    DB_SQL(factors, "delete from @mfa_factors where id in (select id from @mfa_factors "
                    "where status = 'unverified' and created_at < $1 limit 100)");
    DB_SQL(flows, "delete from @flow_state where id in (select id from @flow_state "
                  "where created_at < $1 limit 100)");
    DB_SQL(guards, "delete from @@password_guards where key in (select key from "
                   "@@password_guards where updated_at < $1 limit 200)");
    DB_SQL(unsent, "delete from @@outbox where id in (select id from @@outbox "
                   "where next_try_at is null and created_at < $1 limit 100)");
    int64_t now = tx->ctx->now_us, gone = 0;
    gone += db_exec(tx, &tokens, V_TIME(now - DAY_US));
    gone += db_exec(tx, &ended, V_TIME(now - 3 * DAY_US));
    if (ages->timebox_us) {
        gone += db_exec(tx, &boxed, V_TIME(now - ages->timebox_us - DAY_US));
    }
    if (ages->inactivity_us) {
        gone += db_exec(tx, &idle, V_TIME(now - ages->inactivity_us - DAY_US));
    }
    gone += db_exec(tx, &challenges, V_TIME(now - DAY_US));
    gone += db_exec(tx, &factors, V_TIME(now - DAY_US));
    gone += db_exec(tx, &flows, V_TIME(now - DAY_US));
    gone += db_exec(tx, &guards, V_TIME(now - DAY_US));
    gone += db_exec(tx, &unsent, V_TIME(now - 7 * DAY_US));
    return gone;
}

/* sweep.c: SQL that deletes what has expired, see sweep.h. On PostgreSQL a row that somebody else
 * uses is left for the next round, so the sweep stands in nobody's way, and sweeps of several
 * nodes share the work. */
#include "store/sweep.h"

#define DAY_US (86400 * US_PER_S)

#define GONE(table, key, which)                                                                    \
    "delete from " table " where " key " in (select " key " from " table " where " which
#define SWEEP(name, table, key, which)                                                             \
    DB_SQL2(name, GONE(table, key, which) ")", GONE(table, key, which) " for update skip locked)")

/* On PostgreSQL our own rows refer to no table of the schema auth, so nothing deletes them along
 * with theirs. Each round looks at a few, from a random place on. */
static void sweep_orphans(struct tx *tx)
{
#define ORPHANS(table, key, owners)                                                                \
    "delete from " table " where " key " in (select g." key " from (select " key " from " table    \
    " where " key " >= (select case when random() < 0.2 then "                                     \
    "'00000000-0000-0000-0000-000000000000' else gen_random_uuid() end) order by " key             \
    " limit 200) g where not exists (select 1 from " owners " o where o.id = g." key "))"
    DB_SQL2(factors, NULL, ORPHANS("@@factor_guards", "factor_id", "@mfa_factors"));
    DB_SQL2(tokens, NULL, ORPHANS("@@token_guards", "user_id", "@users"));
    DB_SQL2(codes, NULL, ORPHANS("@@recovery_sets", "user_id", "@users"));
    db_run(tx, &factors);
    db_run(tx, &tokens);
    db_run(tx, &codes);
}

int64_t sweep(struct tx *tx, const struct sweep_ages *ages)
{
    SWEEP(tokens, "@refresh_tokens", "id", "updated_at < $1 and revoked = true limit 200");
    SWEEP(ended, "@sessions", "id", "not_after < $1 limit 50");
    SWEEP(boxed, "@sessions", "id", "created_at < $1 limit 100");
    DB_SQL2(idle, GONE("@sessions", "id", "coalesce(refreshed_at, created_at) < $1 limit 100") ")",
            GONE("@sessions", "id",
                 "coalesce(refreshed_at at time zone 'UTC', created_at) < $1 limit 100")
            " for update skip locked)");
    SWEEP(challenges, "@mfa_challenges", "id", "created_at < $1 order by id limit 200");
    /* row B10: whose challenge may still be open stays */
    SWEEP(factors, "@mfa_factors", "id",
          "status = 'unverified' and created_at < $1 and not exists (select 1 from "
          "@mfa_challenges c where c.factor_id = @mfa_factors.id and c.created_at >= $1) limit 100");
    SWEEP(flows, "@flow_state", "id", "created_at < $1 limit 100");
    SWEEP(guards, "@@password_guards", "key", "updated_at < $1 limit 200");
    DB_SQL(notices, "delete from @@notice_counts where (subject_id, kind) in (select subject_id, "
                    "kind from @@notice_counts where since < $1 limit 200)");
    SWEEP(wrong, "@@wrong_codes", "session_id", "updated_at < $1 limit 200");
    SWEEP(unsent, "@@outbox", "id", "next_try_at is null and created_at < $1 limit 100");
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
    gone += db_exec(tx, &notices, V_TIME(now - 2 * DAY_US));
    gone += db_exec(tx, &wrong, V_TIME(now - 2 * DAY_US));
    gone += db_exec(tx, &unsent, V_TIME(now - 7 * DAY_US));
    sweep_orphans(tx);
    return gone;
}

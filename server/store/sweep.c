/* sweep.c: SQL that deletes what has expired, see sweep.h. On PostgreSQL a row that somebody else
 * uses is left for the next round, so the sweep stands in nobody's way, and sweeps of several
 * nodes share the work. */
#include "store/sweep.h"

#include "store/sign_in_networks.h"

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
    DB_SQL2(links, NULL, ORPHANS("@@change_links", "token_id", "@one_time_tokens"));
    DB_SQL2(codes, NULL, ORPHANS("@@recovery_sets", "user_id", "@users"));
    DB_SQL2(vouched, NULL, ORPHANS("@@vouched_users", "user_id", "@users"));
    DB_SQL2(sign_ups, NULL, ORPHANS("@@sign_ups", "user_id", "@users"));
    DB_SQL2(rings, NULL, ORPHANS("@@challenge_rings", "factor_id", "@mfa_factors"));
    DB_SQL2(devices, NULL, ORPHANS("@@totp_devices", "factor_id", "@mfa_factors"));
    DB_SQL2(networks, NULL, ORPHANS("@@sign_in_networks", "user_id", "@users"));
    DB_SQL2(steps, NULL, ORPHANS("@@step_guards", "user_id", "@users"));
    DB_SQL2(proofs, NULL, ORPHANS("@@session_proofs", "session_id", "@sessions"));
    DB_SQL2(owners, NULL, ORPHANS("@@amr_factors", "session_id", "@sessions"));
    db_run(tx, &factors);
    db_run(tx, &networks);
    db_run(tx, &owners);
    db_run(tx, &devices);
    db_run(tx, &proofs);
    db_run(tx, &steps);
    db_run(tx, &links);
    db_run(tx, &sign_ups);
    db_run(tx, &rings);
    db_run(tx, &codes);
    db_run(tx, &vouched);
}

/* The official schema has no index by which old rows of these tables are found, and none may be
 * added there. So each round walks on through the next STRETCH rows by their primary key. */
#define STRETCH "2000"
#define STRETCH_END(table)                                                                         \
    "select id from (select id from " table " where id > $1 order by id limit " STRETCH ") w "     \
    "order by id desc limit 1"
#define WALK(name, table, which) SWEEP(name, table, "id", "id > $1 and id <= $2 and " which)

/* The end of the stretch that begins at *place, to which *place is moved. false: there is none. */
static bool next_stretch(struct tx *tx, struct sql *sql, struct uuid *place, struct uuid *end)
{
    struct rows *r = db_query(tx, sql, V_ID(place));
    bool found = rows_next(r);
    *end = found ? rows_id(r, 0) : uuid_nil;
    rows_end(r);
    return found;
}

static int64_t walk_factors(struct tx *tx, struct uuid *place)
{
    DB_SQL(to, STRETCH_END("@mfa_factors"));
    /* row B10: whose challenge may still be open stays */
    WALK(factors, "@mfa_factors",
         "status = 'unverified' and created_at < $3 and not exists (select 1 from "
         "@mfa_challenges c where c.factor_id = @mfa_factors.id and c.created_at >= $3)");
    struct uuid from = *place;
    return next_stretch(tx, &to, &from, place)
               ? db_exec(tx, &factors, V_ID(&from), V_ID(place), V_TIME(tx->ctx->now_us - DAY_US))
               : 0;
}

static int64_t walk_sessions(struct tx *tx, const struct sweep_ages *ages, struct uuid *place)
{
#define SINCE(refreshed) "(created_at < $3 or coalesce(" refreshed ", created_at) < $4)"
#define OLD(refreshed) GONE("@sessions", "id", "id > $1 and id <= $2 and " SINCE(refreshed))
    DB_SQL(to, STRETCH_END("@sessions"));
    DB_SQL2(old, OLD("refreshed_at") ")",
            OLD("refreshed_at at time zone 'UTC'") " for update skip locked)");
    int64_t now = tx->ctx->now_us, never = 1; /* 1970 */
    int64_t made = ages->timebox_us ? now - ages->timebox_us - DAY_US : never;
    int64_t used = ages->inactivity_us ? now - ages->inactivity_us - DAY_US : never;
    struct uuid from = *place;
    if ((!ages->timebox_us && !ages->inactivity_us) || !next_stretch(tx, &to, &from, place)) {
        return 0;
    }
    return db_exec(tx, &old, V_ID(&from), V_ID(place), V_TIME(made), V_TIME(used));
}

static int64_t walk_tokens(struct tx *tx, int64_t *place)
{
    DB_SQL(to, STRETCH_END("@refresh_tokens"));
    WALK(tokens, "@refresh_tokens", "updated_at < $3 and revoked = true");
    int64_t from = *place;
    struct rows *r = db_query(tx, &to, V_INT(from));
    bool found = rows_next(r);
    *place = found ? rows_int(r, 0) : 0;
    rows_end(r);
    return found
               ? db_exec(tx, &tokens, V_INT(from), V_INT(*place), V_TIME(tx->ctx->now_us - DAY_US))
               : 0;
}

/* Where ids that we made at that time begin: version 7 begins with the time (RFC 9562 §5.7). */
static struct uuid id_at(int64_t us)
{
    struct uuid id = { { 0 } };
    uint64_t ms = (uint64_t)(us / 1000);
    for (int i = 0; i < 6; i++) {
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    return id;
}

/* The official table has no index of times, but our ids are in their order. Rows with other ids
 * are another server's, which keeps them. */
static int64_t sweep_audit(struct tx *tx, int64_t age_us)
{
#define SINCE_2020_US (INT64_C(1577836800) * US_PER_S)
    DB_SQL2(
        rows,
        GONE("@audit_log_entries", "id",
             "id >= $1 and id < $2 and created_at < $3 "
             "and substr(hex(id), 13, 1) = '7' order by id limit 1000)"),
        GONE("@audit_log_entries", "id",
             "id >= $1 and id < $2 and created_at < $3 "
             "and substr(id::text, 15, 1) = '7' order by id limit 1000 for update skip locked)"));
    int64_t until = tx->ctx->now_us - age_us;
    struct uuid from = id_at(SINCE_2020_US), to = id_at(until);
    return age_us && until > SINCE_2020_US
               ? db_exec(tx, &rows, V_ID(&from), V_ID(&to), V_TIME(until))
               : 0;
}

int64_t sweep(struct tx *tx, const struct sweep_ages *ages, struct sweep_place *place)
{
    SWEEP(ended, "@sessions", "id", "not_after < $1 limit 200");
    /* SQLite has no index of their times, to spare one at each challenge: our ids are in the order
     * of time, and what other servers made lies after them. */
    DB_SQL2(
        challenges,
        "delete from @mfa_challenges where id in ("
        "select id from (select id, created_at from @mfa_challenges order by id limit 200) f "
        "where created_at < $1 union all "
        "select id from (select id, created_at from @mfa_challenges order by id desc limit 200) l "
        "where created_at < $1)",
        GONE("@mfa_challenges", "id",
             "created_at < $1 order by created_at limit 200") " for update skip locked)");
    SWEEP(flows, "@flow_state", "id", "created_at < $1 limit 200");
    SWEEP(guards, "@@password_guards", "key", "updated_at < $1 limit 200");
    SWEEP(codes, "@@code_guards", "key", "updated_at < $1 limit 200");
    DB_SQL(notices, "delete from @@notice_counts where (subject_id, kind) in (select subject_id, "
                    "kind from @@notice_counts where since < $1 limit 200)");
    DB_SQL(steps,
           "delete from @@step_guards where (user_id, subject_id, origin) in (select user_id, "
           "subject_id, origin from @@step_guards where updated_at < $1 limit 200)");
    SWEEP(wrong, "@@wrong_codes", "session_id", "updated_at < $1 limit 200");
    SWEEP(unsent, "@@outbox", "id", "next_try_at is null and created_at < $1 limit 200");
    SWEEP(pauses, "@@send_pauses", "key", "taken_at < $1 limit 500");
    DB_SQL(networks, "delete from @@sign_in_networks where (user_id, network) in (select user_id, "
                     "network from @@sign_in_networks where seen_at < $1 limit 200)");
    /* no retry lies further ahead than its hour: the clock was wrong */
    DB_SQL(stuck, "update @@outbox set next_try_at = $1 where next_try_at > $2");
    int64_t now = tx->ctx->now_us, gone = 0;
    db_run(tx, &stuck, V_TIME(now), V_TIME(now + DAY_US / 24));
    gone += walk_tokens(tx, &place->token);
    gone += db_exec(tx, &ended, V_TIME(now - 3 * DAY_US));
    gone += walk_sessions(tx, ages, &place->session);
    gone += db_exec(tx, &challenges, V_TIME(now - DAY_US));
    gone += walk_factors(tx, &place->factor);
    gone += db_exec(tx, &flows, V_TIME(now - DAY_US));
    gone += db_exec(tx, &guards, V_TIME(now - DAY_US));
    gone += db_exec(tx, &codes, V_TIME(now - ages->code_us - DAY_US));
    gone += db_exec(tx, &notices, V_TIME(now - 2 * DAY_US));
    gone += db_exec(tx, &steps, V_TIME(now - 400 * DAY_US));
    gone += db_exec(tx, &wrong, V_TIME(now - 2 * DAY_US));
    gone += db_exec(tx, &pauses, V_TIME(now - (ages->pause_us > DAY_US ? ages->pause_us : DAY_US)));
    gone += db_exec(tx, &networks, V_TIME(now - SIGN_IN_NETWORK_US));
    gone += db_exec(tx, &unsent, V_TIME(now - 7 * DAY_US));
    gone += sweep_audit(tx, ages->audit_us);
    sweep_orphans(tx);
    return gone;
}

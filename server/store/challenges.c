/* challenges.c: SQL of the table mfa_challenges, see challenges.h. */
#include "store/challenges.h"

#include "base/ip_block.h"

void challenge_insert(struct tx *tx, const struct challenge *c)
{
    DB_SQL(sql, "insert into @mfa_challenges (id, factor_id, created_at, ip_address, otp_code, "
                "web_authn_session_data) values ($1, $2, $3, $4, $5, $6)");
    db_run(tx, &sql, V_ID(&c->id), V_ID(&c->factor_id), V_TIME(c->created_at), V_TEXT(c->ip),
           V_TEXT(c->otp), V_JSON(c->webauthn_data));
}

/* By address, so that who knows the password alone does not push out what the owner has open
 * elsewhere. On PostgreSQL no index finds a factor's challenges, so their ids are kept in a row of
 * ours, newest first; the one before is found by its time, which stands with the factor. One
 * statement, and nobody waits for it. */
void challenges_trim(struct tx *tx, const struct challenge *newest, int64_t before_at)
{
    DB_SQL2(
        sql,
        "delete from @mfa_challenges where id in (select id from (select id from @mfa_challenges "
        "where factor_id = $1 and ip_address = $2 order by created_at desc, id desc "
        "limit 1000 offset 64)) or id in (select id from (select id from @mfa_challenges "
        "where factor_id = $1 order by created_at desc, id desc limit 1000 offset 1024))",
        "with ring as (insert into @@challenge_rings as r (factor_id, origin, ids, updated_at) "
        "values ($1, $5, array[$2::uuid] || array(select c.id from @mfa_challenges c "
        "where c.created_at = $3 and c.factor_id = $1 and host(c.ip_address) = $6 limit 1), $4) "
        "on conflict (factor_id, origin) do update set updated_at = excluded.updated_at, "
        "ids = (excluded.ids[1:1] || case when r.ids[1] = excluded.ids[2] then r.ids "
        "else excluded.ids[2:] || r.ids end)[1:66] returning ids) "
        "delete from @mfa_challenges where id in (select unnest(ids[65:]) from ring)");
    _Static_assert(CHALLENGES_OPEN == 64, "the statements say so");
    if (db_is_postgres(tx->db)) {
        db_run(tx, &sql, V_ID(&newest->factor_id), V_ID(&newest->id), V_TIME(before_at),
               V_TIME(tx->ctx->now_us), V_TEXT(ip_block(tx->ctx->arena, newest->ip)),
               V_TEXT(newest->ip));
    } else {
        db_run(tx, &sql, V_ID(&newest->factor_id), V_TEXT(newest->ip));
    }
}

/* Locked on PostgreSQL in a write transaction, so that nobody else, on whatever server, can claim
 * it before this one does. */
#define BY_ID                                                                                      \
    "select id, factor_id, created_at, verified_at, ip_address, otp_code, web_authn_session_data " \
    "from @mfa_challenges where id = $1"
DB_SQL(by_id, BY_ID);
DB_SQL2(by_id_locked, BY_ID, BY_ID " for update");

static struct sql *as_mode(const struct tx *tx)
{
    return tx->mode == TX_WRITE ? &by_id_locked : &by_id;
}

void challenge_prefetch(struct tx *tx, const struct uuid *id)
{
    db_prefetch(tx, as_mode(tx), V_ID(id));
}

bool challenge_by_id(struct tx *tx, const struct uuid *id, struct challenge *out)
{
    struct rows *r = db_query(tx, as_mode(tx), V_ID(id));
    bool found = rows_next(r);
    if (found) {
        *out = (struct challenge){
            .id = rows_id(r, 0),
            .factor_id = rows_id(r, 1),
            .created_at = rows_time(r, 2),
            .verified_at = rows_time(r, 3),
            .ip = rows_text(r, 4),
            .otp = rows_text(r, 5),
            .webauthn_data = rows_text(r, 6),
        };
    }
    rows_end(r);
    return found;
}

bool challenge_claim(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "update @mfa_challenges set verified_at = $1 where id = $2 "
                "and verified_at is null");
    if (db_is_postgres(tx->db)) { /* locked and seen unclaimed: no need to wait for the count */
        db_run(tx, &sql, V_TIME(tx->ctx->now_us), V_ID(id));
        return true;
    }
    return db_exec(tx, &sql, V_TIME(tx->ctx->now_us), V_ID(id)) == 1;
}

void challenge_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @mfa_challenges where id = $1");
    db_run(tx, &sql, V_ID(id));
}

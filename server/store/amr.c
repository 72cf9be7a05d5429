/* amr.c: SQL of the tables mfa_amr_claims and amr_factors, see amr.h. */
#include "store/amr.h"

#include <string.h>

void amr_put(struct tx *tx, const struct uuid *session_id, const char *method)
{
    DB_SQL(sql, "insert into @mfa_amr_claims (id, session_id, created_at, updated_at, "
                "authentication_method) values ($1, $2, $3, $3, $4) "
                "on conflict (session_id, authentication_method) "
                "do update set updated_at = excluded.updated_at");
    struct uuid id = uuid_v4(tx->ctx->entropy);
    db_run(tx, &sql, V_ID(&id), V_ID(session_id), V_TIME(tx->ctx->now_us), V_TEXT(method));
}

void amr_earn(struct tx *tx, const struct uuid *session_id, const char *method,
              const struct uuid *factor_id)
{
    DB_SQL(sql, "insert into @@amr_factors (session_id, factor_id, authentication_method, "
                "verified_at) values ($1, $2, $3, $4) on conflict (session_id, factor_id) "
                "do update set verified_at = excluded.verified_at");
    amr_put(tx, session_id, method);
    db_run(tx, &sql, V_ID(session_id), V_ID(factor_id), V_TEXT(method), V_TIME(tx->ctx->now_us));
}

void amr_drop(struct tx *tx, const struct uuid *session_id, const char *method, int64_t before_us)
{
    DB_SQL(sql, "delete from @mfa_amr_claims where session_id = $1 and "
                "authentication_method = $2 and updated_at < $3");
    DB_SQL(owners, "delete from @@amr_factors where session_id = $1 and "
                   "authentication_method = $2 and verified_at < $3");
    db_run(tx, &sql, V_ID(session_id), V_TEXT(method), V_TIME(before_us));
    db_run(tx, &owners, V_ID(session_id), V_TEXT(method), V_TIME(before_us));
}

void amr_drop_dead(struct tx *tx, const struct uuid *session_id)
{
    DB_SQL(sql,
           "delete from @mfa_amr_claims as a where session_id = $1 and " AMR_SECOND
           " and not exists (select 1 from @sessions s where s.id = a.session_id and " AMR_COUNTS
           ")");
    db_run(tx, &sql, V_ID(session_id));
}

#define OF_ENTRY "o.session_id = a.session_id and o.authentication_method = a.authentication_method"

void amr_drop_factor(struct tx *tx, const struct uuid *user_id, const struct uuid *factor_id,
                     const char *method, const struct uuid *except)
{
    /* what another factor of the kind earned stays, as old as it is */
    DB_SQL(older,
           "update @mfa_amr_claims as a set updated_at = (select max(o.verified_at) from "
           "@@amr_factors o where " OF_ENTRY " and o.factor_id <> $1) "
           "where a.session_id in (select id from @sessions where user_id = $2) and "
           "a.authentication_method = $3 and a.session_id <> $4 and "
           "exists (select 1 from @@amr_factors o where " OF_ENTRY
           " and o.factor_id = $1 and o.verified_at >= a.updated_at) and "
           "exists (select 1 from @@amr_factors o where " OF_ENTRY " and o.factor_id <> $1)");
    DB_SQL(entries,
           "delete from @mfa_amr_claims as a where a.session_id in "
           "(select id from @sessions where user_id = $1) and "
           "exists (select 1 from @sessions s where s.id = a.session_id and "
           "s.user_id = $1 and (s.factor_id = $2 or exists (select 1 from "
           "@@amr_factors o where " OF_ENTRY " and o.factor_id = $2 and "
           "o.verified_at >= a.updated_at) or not (" AMR_COUNTS "))) and "
           "a.authentication_method = $3 and a.session_id <> $4 and "
           "not exists (select 1 from @@amr_factors o where " OF_ENTRY " and o.factor_id <> $2)");
    DB_SQL(owners, "delete from @@amr_factors where session_id in (select id from @sessions "
                   "where user_id = $1) and factor_id = $2 and session_id <> $3");
    DB_SQL(factors,
           "update @sessions as s set factor_id = (select o.factor_id from "
           "@@amr_factors o where o.session_id = s.id order by o.verified_at desc limit 1) "
           "where s.user_id = $1 and s.factor_id = $2 and s.id <> $3");
    DB_SQL(levels, "update @sessions as s set aal = 'aal1', factor_id = null where s.user_id = $1 "
                   "and s.aal = 'aal2' and s.id <> $2 and " AMR_MFA_AT " is null");
    except = except ? except : &uuid_nil;
    db_run(tx, &older, V_ID(factor_id), V_ID(user_id), V_TEXT(method), V_ID(except));
    db_run(tx, &entries, V_ID(user_id), V_ID(factor_id), V_TEXT(method), V_ID(except));
    db_run(tx, &owners, V_ID(user_id), V_ID(factor_id), V_ID(except));
    db_run(tx, &factors, V_ID(user_id), V_ID(factor_id), V_ID(except));
    db_run(tx, &levels, V_ID(user_id), V_ID(except));
}

static bool comes_later(const struct amr *a, const struct amr *b)
{
    int64_t a_s = a->at_us / US_PER_S, b_s = b->at_us / US_PER_S;
    return a_s != b_s ? a_s < b_s : a->at_us < b->at_us;
}

static void put_in_order(struct amr *list, int at, const struct amr *entry)
{
    for (; at > 0 && comes_later(&list[at - 1], entry); at--) {
        list[at] = list[at - 1];
    }
    list[at] = *entry;
}

int amr_with(struct amr *list, int n, const char *method, int64_t at_us)
{
    struct amr entry = { method, at_us };
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].method, method) != 0) {
            list[kept++] = list[i];
        }
    }
    if (kept < AMR_MAX) {
        put_in_order(list, kept++, &entry);
    }
    return kept;
}

DB_SQL(amr, "select a.authentication_method, a.updated_at from @mfa_amr_claims a "
            "join @sessions s on s.id = a.session_id where a.session_id = $1 and "
            "(not (" AMR_SECOND ") or " AMR_COUNTS ") order by a.authentication_method limit 16");

void amr_prefetch(struct tx *tx, const struct uuid *session_id)
{
    db_prefetch(tx, &amr, V_ID(session_id));
}

int amr_of(struct tx *tx, const struct uuid *session_id, struct amr *list)
{
    struct rows *r = db_query(tx, &amr, V_ID(session_id));
    int n = 0;
    while (n < AMR_MAX && rows_next(r)) {
        struct amr entry = { rows_text(r, 0), rows_time(r, 1) };
        put_in_order(list, n++, &entry);
    }
    rows_end(r);
    return n;
}

DB_SQL(foreign_at,
       "select max(a.updated_at) from @mfa_amr_claims a where a.session_id = $1 and " AMR_SECOND
       " and " AMR_FOREIGN);

void amr_foreign_at_prefetch(struct tx *tx, const struct uuid *session_id)
{
    db_prefetch(tx, &foreign_at, V_ID(session_id));
}

int64_t amr_foreign_at(struct tx *tx, const struct uuid *session_id)
{
    struct rows *r = db_query(tx, &foreign_at, V_ID(session_id));
    int64_t at = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    return at;
}

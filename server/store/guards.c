/* guards.c: SQL of the tables factor_guards and password_guards, see guards.h. */
#include "store/guards.h"

DB_SQL(of_factor, "select last_step, failures, locked_until, spent, spent_at, session_id, "
                  "session_wrong from @@factor_guards where factor_id = $1");

void factor_guard_prefetch(struct tx *tx, const struct uuid *factor_id)
{
    db_prefetch(tx, &of_factor, V_ID(factor_id));
}

struct factor_guard factor_guard_of(struct tx *tx, const struct uuid *factor_id)
{
    struct factor_guard guard = { 0 };
    struct rows *r = db_query(tx, &of_factor, V_ID(factor_id));
    if (rows_next(r)) {
        guard.last_step = rows_int(r, 0);
        guard.tries = (struct tries){ rows_int(r, 1),  rows_time(r, 2), rows_int(r, 3),
                                      rows_time(r, 4), rows_id(r, 5),   rows_int(r, 6) };
    }
    rows_end(r);
    return guard;
}

void factor_guard_put(struct tx *tx, const struct uuid *factor_id, const struct factor_guard *g)
{
    DB_SQL(sql, "insert into @@factor_guards (factor_id, last_step, failures, locked_until, "
                "spent, spent_at, session_id, session_wrong, updated_at) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (factor_id) do update set "
                "last_step = excluded.last_step, failures = excluded.failures, "
                "locked_until = excluded.locked_until, spent = excluded.spent, "
                "spent_at = excluded.spent_at, session_id = excluded.session_id, "
                "session_wrong = excluded.session_wrong, updated_at = excluded.updated_at");
    const struct tries *t = &g->tries;
    db_run(tx, &sql, V_ID(factor_id), V_INT(g->last_step), V_INT(t->failures),
           V_TIME(t->locked_until), V_INT(t->spent), V_TIME(t->spent_at), V_ID(&t->session_id),
           V_INT(t->session_wrong), V_TIME(tx->ctx->now_us));
}

void factor_guard_clear(struct tx *tx, const struct uuid *factor_id)
{
    DB_SQL(sql, "update @@factor_guards set failures = 0, locked_until = null, spent = 0, "
                "spent_at = null, session_wrong = 0, updated_at = $1 where factor_id = $2");
    db_run(tx, &sql, V_TIME(tx->ctx->now_us), V_ID(factor_id));
}

void factor_enrolled_put(struct tx *tx, const struct uuid *factor_id, const struct uuid *session_id)
{
    DB_SQL(sql, "insert into @@factor_guards (factor_id, enrolled_in, updated_at) "
                "values ($1, $2, $3)");
    db_run(tx, &sql, V_ID(factor_id), V_ID(session_id), V_TIME(tx->ctx->now_us));
}

struct uuid factor_enrolled_in(struct tx *tx, const struct uuid *factor_id)
{
    DB_SQL(sql, "select enrolled_in from @@factor_guards where factor_id = $1");
    struct rows *r = db_query(tx, &sql, V_ID(factor_id));
    struct uuid id = rows_next(r) ? rows_id(r, 0) : uuid_nil;
    rows_end(r);
    return id;
}

int factor_lockouts_of(struct tx *tx, const struct uuid *user_id, int n,
                       struct factor_lockout **out)
{
    DB_SQL(sql, "select g.factor_id, g.failures, g.locked_until from @@factor_guards g "
                "join @mfa_factors f on f.id = g.factor_id where f.user_id = $1 and "
                "g.locked_until > $2 order by g.factor_id limit $3");
    struct factor_lockout *list = ARENA_ARRAY(tx->ctx->arena, struct factor_lockout, n + 1);
    struct rows *r = db_query(tx, &sql, V_ID(user_id), V_TIME(tx->ctx->now_us), V_INT(n));
    int count = 0;
    while (count < n && rows_next(r)) {
        list[count++] = (struct factor_lockout){ rows_id(r, 0), rows_int(r, 1), rows_time(r, 2) };
    }
    rows_end(r);
    *out = list;
    return count;
}

#define GUARD "select failures, locked_until, updated_at from @@password_guards where key = $1"
DB_SQL(guard_plain, GUARD);
DB_SQL2(guard_locked, GUARD, GUARD " for update");

static struct sql *guard_sql(const struct tx *tx)
{
    return tx->mode == TX_WRITE ? &guard_locked : &guard_plain;
}

void password_guard_prefetch(struct tx *tx, const char *key)
{
    db_prefetch(tx, guard_sql(tx), V_TEXT(key));
}

struct password_guard password_guard_of(struct tx *tx, const char *key)
{
    struct password_guard guard = { 0 };
    struct rows *r = db_query(tx, guard_sql(tx), V_TEXT(key));
    if (rows_next(r)) {
        guard = (struct password_guard){ rows_int(r, 0), rows_time(r, 1), rows_time(r, 2) };
    }
    rows_end(r);
    return guard;
}

void password_guard_hold(struct tx *tx, const char *key)
{
    DB_SQL2(sql, NULL,
            "insert into @@password_guards (key, failures, updated_at) "
            "values ($1, 0, $2) on conflict (key) do nothing");
    db_run(tx, &sql, V_TEXT(key), V_TIME(tx->ctx->now_us));
}

void password_guard_put(struct tx *tx, const char *key, const char *account,
                        const struct password_guard *g)
{
    DB_SQL(sql, "insert into @@password_guards (key, failures, locked_until, updated_at, account) "
                "values ($1, $2, $3, $4, $5) on conflict (key) do update set "
                "failures = excluded.failures, locked_until = excluded.locked_until, "
                "updated_at = excluded.updated_at, account = excluded.account");
    db_run(tx, &sql, V_TEXT(key), V_INT(g->failures), V_TIME(g->locked_until),
           V_TIME(tx->ctx->now_us), V_TEXT(account));
}

void password_guard_clear(struct tx *tx, const char *key)
{
    DB_SQL(sql, "delete from @@password_guards where key = $1");
    db_run(tx, &sql, V_TEXT(key));
}

int password_guards_of_account(struct tx *tx, const char *account, int n,
                               struct password_guard_row **out)
{
    DB_SQL(sql, "select key, failures, locked_until, updated_at from @@password_guards "
                "where account = $1 and locked_until > $2 order by locked_until desc limit $3");
    struct rows *r = db_query(tx, &sql, V_TEXT(account), V_TIME(tx->ctx->now_us), V_INT(n));
    struct password_guard_row *list = ARENA_ARRAY(tx->ctx->arena, struct password_guard_row, n + 1);
    int count = 0;
    while (count < n && rows_next(r)) {
        list[count++] =
            (struct password_guard_row){ rows_text(r, 0),
                                         { rows_int(r, 1), rows_time(r, 2), rows_time(r, 3) } };
    }
    rows_end(r);
    *out = list;
    return count;
}

void password_guards_clear_account(struct tx *tx, const char *account)
{
    DB_SQL(sql, "delete from @@password_guards where account = $1");
    db_run(tx, &sql, V_TEXT(account));
}

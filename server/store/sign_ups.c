/* sign_ups.c: SQL of the table sign_ups, see sign_ups.h. */
#include "store/sign_ups.h"

static const char *name_of(enum sign_up_kind kind)
{
    return kind == SIGN_UP_ANONYMOUS ? "anonymous" : "unconfirmed";
}

void sign_up_put(struct tx *tx, const struct uuid *user_id, enum sign_up_kind kind)
{
    DB_SQL(sql, "insert into @@sign_ups (user_id, kind, seen_at) values ($1, $2, $3) "
                "on conflict (user_id) do nothing");
    db_run(tx, &sql, V_ID(user_id), V_TEXT(name_of(kind)), V_TIME(tx->ctx->now_us));
}

void sign_up_forget(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "delete from @@sign_ups where user_id = $1");
    db_run(tx, &sql, V_ID(user_id));
}

static void seen(struct tx *tx, const struct uuid *user_id, int64_t at_us)
{
    DB_SQL(sql, "update @@sign_ups set seen_at = $1 where user_id = $2");
    db_run(tx, &sql, V_TIME(at_us), V_ID(user_id));
}

void sign_up_put_off(struct tx *tx, const struct uuid *user_id)
{
    seen(tx, user_id, tx->ctx->now_us);
}

int sign_ups_due(struct tx *tx, enum sign_up_kind kind, int64_t since, int n, struct uuid *out)
{
    DB_SQL(sql, "select user_id from @@sign_ups where kind = $1 and seen_at < $2 "
                "order by seen_at limit $3");
    struct rows *r = db_query(tx, &sql, V_TEXT(name_of(kind)), V_TIME(since), V_INT(n));
    int count = 0;
    while (count < n && rows_next(r)) {
        out[count++] = rows_id(r, 0);
    }
    rows_end(r);
    return count;
}

/* Sessions, factors, or a way in from elsewhere. */
static bool has_more(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "select 1 where exists (select 1 from @sessions where user_id = $1) "
                "or exists (select 1 from @mfa_factors where user_id = $1) "
                "or exists (select 1 from @identities where user_id = $1 "
                "and provider not in ('email', 'phone'))");
    struct rows *r = db_query(tx, &sql, V_ID(user_id));
    bool found = rows_next(r);
    rows_end(r);
    return found;
}

static bool is_nobodys(struct tx *tx, const struct user *u)
{
    bool touched = u->email_confirmed_at || u->phone_confirmed_at || u->last_sign_in_at ||
                   u->invited_at || u->banned_until || u->deleted_at || u->is_sso ||
                   u->is_anonymous;
    return !touched && !has_more(tx, &u->id);
}

static int64_t session_used_at(struct tx *tx, const struct uuid *user_id)
{
#define USED(refreshed)                                                                            \
    "select max(coalesce(" refreshed ", created_at)) from @sessions where user_id = $1"
    DB_SQL2(sql, USED("refreshed_at"), USED("refreshed_at at time zone 'UTC'"));
    struct rows *r = db_query(tx, &sql, V_ID(user_id));
    int64_t at = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    return at;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool sign_up_settle(struct tx *tx, const struct uuid *user_id, enum sign_up_kind kind,
                    int64_t since)
{
    struct user u;
    if (!user_by_id(tx, user_id, &u) ||
        (kind == SIGN_UP_ANONYMOUS ? !u.is_anonymous || u.deleted_at : !is_nobodys(tx, &u))) {
        sign_up_forget(tx, user_id);
        return false;
    }
    int64_t used = later(u.updated_at, later(u.last_sign_in_at, u.created_at));
    used = kind == SIGN_UP_ANONYMOUS ? later(used, session_used_at(tx, user_id)) : used;
    if (used >= since) {
        seen(tx, user_id, used);
        return false;
    }
    user_delete(tx, user_id);
    return true;
}

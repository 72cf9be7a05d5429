/* users.c: SQL of the table users, see users.h. */
#include "store/users.h"

#include "store/like.h"

#define USER_COLUMNS                                                                               \
    "u.id, u.aud, u.role, u.email, u.phone, u.encrypted_password, u.email_confirmed_at, "          \
    "u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.email_change, u.phone_change, "   \
    "u.email_change_sent_at, u.last_sign_in_at, u.created_at, u.updated_at, "                      \
    "u.phone_confirmed_at, u.phone_change_sent_at, u.reauthentication_sent_at, u.banned_until, "   \
    "u.deleted_at, u.raw_app_meta_data, u.raw_user_meta_data, u.email_change_confirm_status, "     \
    "u.is_sso_user, u.is_anonymous"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *null_if_empty(const char *text)
{
    return text && *text ? text : NULL;
}

static void read_user(struct rows *r, struct user *u)
{
    *u = (struct user){
        .id = rows_id(r, 0),
        .aud = or_empty(rows_text(r, 1)),
        .role = or_empty(rows_text(r, 2)),
        .email = null_if_empty(rows_text(r, 3)),
        .phone = null_if_empty(rows_text(r, 4)),
        .password = or_empty(rows_text(r, 5)),
        .email_confirmed_at = rows_time(r, 6),
        .invited_at = rows_time(r, 7),
        .confirmation_sent_at = rows_time(r, 8),
        .recovery_sent_at = rows_time(r, 9),
        .email_change = or_empty(rows_text(r, 10)),
        .phone_change = or_empty(rows_text(r, 11)),
        .email_change_sent_at = rows_time(r, 12),
        .last_sign_in_at = rows_time(r, 13),
        .created_at = rows_time(r, 14),
        .updated_at = rows_time(r, 15),
        .phone_confirmed_at = rows_time(r, 16),
        .phone_change_sent_at = rows_time(r, 17),
        .reauthentication_sent_at = rows_time(r, 18),
        .banned_until = rows_time(r, 19),
        .deleted_at = rows_time(r, 20),
        .app_metadata = rows_null(r, 21) ? "{}" : rows_text(r, 21),
        .user_metadata = rows_null(r, 22) ? "{}" : rows_text(r, 22),
        .email_change_confirm_status = (int)rows_int(r, 23),
        .is_sso = rows_int(r, 24) != 0,
        .is_anonymous = rows_int(r, 25) != 0,
    };
}

static bool one_user(struct rows *r, struct user *out)
{
    bool found = rows_next(r);
    if (found) {
        read_user(r, out);
    }
    rows_end(r);
    return found;
}

/* On PostgreSQL a write transaction locks the user's row before it looks at anything of the user,
 * so those of one user run one after the other, on any number of nodes. */
#define LOCKED " for no key update"

static struct sql *as_mode(const struct tx *tx, struct sql *plain, struct sql *locked)
{
    return tx->mode == TX_WRITE ? locked : plain;
}

#define BY_ID "select " USER_COLUMNS " from @users u where u.id = $1"
/* SQLite finds the index of e-mail addresses only where its condition stands word for word. */
#define BY_EMAIL(no)                                                                               \
    "select " USER_COLUMNS " from @users u "                                                       \
    "where u.email = $1 and u.aud = $2 and u.is_sso_user = " no " limit 1"
#define BY_PHONE "select " USER_COLUMNS " from @users u where u.phone = $1 and u.aud = $2 limit 1"

DB_SQL(by_id, BY_ID);
DB_SQL2(by_id_locked, BY_ID, BY_ID LOCKED);

void user_prefetch(struct tx *tx, const struct uuid *id)
{
    db_prefetch(tx, as_mode(tx, &by_id, &by_id_locked), V_ID(id));
}

bool user_by_id(struct tx *tx, const struct uuid *id, struct user *out)
{
    return one_user(db_query(tx, as_mode(tx, &by_id, &by_id_locked), V_ID(id)), out);
}

void user_lock(struct tx *tx, const struct uuid *id)
{
    DB_SQL2(sql, NULL, "select 1 from @users where id = $1" LOCKED);
    db_run(tx, &sql, V_ID(id));
}

bool user_by_email(struct tx *tx, const char *aud, const char *email, struct user *out)
{
    DB_SQL2(plain, BY_EMAIL("0"), BY_EMAIL("false"));
    DB_SQL2(locked, BY_EMAIL("0"), BY_EMAIL("false") LOCKED);
    return one_user(db_query(tx, as_mode(tx, &plain, &locked), V_TEXT(email), V_TEXT(aud)), out);
}

bool user_by_phone(struct tx *tx, const char *aud, const char *phone, struct user *out)
{
    DB_SQL(plain, BY_PHONE);
    DB_SQL2(locked, BY_PHONE, BY_PHONE LOCKED);
    return one_user(db_query(tx, as_mode(tx, &plain, &locked), V_TEXT(phone), V_TEXT(aud)), out);
}

static bool any(struct rows *r)
{
    bool found = rows_next(r);
    rows_end(r);
    return found;
}

/* The row of another account with the address, and whether its word counts (security.md S13). */
#define STANDING(confirmed, where)                                                                 \
    "select u.id, " confirmed " is not null or exists (select 1 from @@vouched_users v "           \
    "where v.user_id = u.id) from @users u where " where " and u.id <> $2"

static enum standing standing_of(struct rows *r, struct uuid *claimant)
{
    enum standing standing = ADDRESS_FREE;
    if (rows_next(r)) {
        *claimant = rows_id(r, 0);
        standing = rows_int(r, 1) ? ADDRESS_HELD : ADDRESS_CLAIMED;
    }
    rows_end(r);
    return standing;
}

enum standing user_email_standing(struct tx *tx, const char *email, const struct uuid *except,
                                  struct uuid *claimant)
{
#define EMAIL_STANDING(no) STANDING("u.email_confirmed_at", "u.email = $1 and u.is_sso_user = " no)
#define VERIFIED_ELSEWHERE(verified)                                                               \
    "select 1 from @identities where email = $1 and user_id <> $2 and provider not like 'sso:%' "  \
    "and " verified
    DB_SQL2(in_users, EMAIL_STANDING("0"), EMAIL_STANDING("false"));
    DB_SQL2(in_identities,
            VERIFIED_ELSEWHERE("json_extract(identity_data, '$.email_verified') = 1"),
            VERIFIED_ELSEWHERE("identity_data @> '{\"email_verified\": true}'"));
    except = except ? except : &uuid_nil;
    enum standing standing =
        standing_of(db_query(tx, &in_users, V_TEXT(email), V_ID(except)), claimant);
    bool elsewhere =
        standing != ADDRESS_HELD && any(db_query(tx, &in_identities, V_TEXT(email), V_ID(except)));
    return elsewhere ? ADDRESS_HELD : standing;
}

enum standing user_phone_standing(struct tx *tx, const char *phone, const struct uuid *except,
                                  struct uuid *claimant)
{
    DB_SQL(sql, STANDING("u.phone_confirmed_at", "u.phone = $1"));
    return standing_of(db_query(tx, &sql, V_TEXT(phone), V_ID(except ? except : &uuid_nil)),
                       claimant);
}

bool user_email_taken(struct tx *tx, const char *email, const struct uuid *except)
{
    struct uuid claimant;
    return user_email_standing(tx, email, except, &claimant) == ADDRESS_HELD;
}

bool user_phone_taken(struct tx *tx, const char *phone, const struct uuid *except)
{
    struct uuid claimant;
    return user_phone_standing(tx, phone, except, &claimant) == ADDRESS_HELD;
}

void user_set_audience(struct tx *tx, struct user *u, const char *aud)
{
    DB_SQL(sql, "update @users set aud = $1 where id = $2");
    u->aud = aud;
    db_run(tx, &sql, V_TEXT(aud), V_ID(&u->id));
}

void user_insert(struct tx *tx, const struct user *u)
{
    DB_SQL(sql,
           "insert into @users (id, instance_id, aud, role, email, phone, encrypted_password, "
           "email_confirmed_at, invited_at, confirmation_sent_at, recovery_sent_at, "
           "email_change_sent_at, last_sign_in_at, created_at, updated_at, phone_confirmed_at, "
           "banned_until, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous, "
           "confirmation_token, recovery_token, email_change_token_new, email_change) "
           "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
           "$18, $19, $20, $21, '', '', '', '')");
    db_run(tx, &sql, V_ID(&u->id), V_ID(&uuid_nil), V_TEXT(u->aud), V_TEXT(u->role),
           V_TEXT(null_if_empty(u->email)), V_TEXT(null_if_empty(u->phone)),
           V_TEXT(or_empty(u->password)), V_TIME(u->email_confirmed_at), V_TIME(u->invited_at),
           V_TIME(u->confirmation_sent_at), V_TIME(u->recovery_sent_at),
           V_TIME(u->email_change_sent_at), V_TIME(u->last_sign_in_at), V_TIME(u->created_at),
           V_TIME(u->updated_at), V_TIME(u->phone_confirmed_at), V_TIME(u->banned_until),
           V_JSON(u->app_metadata), V_JSON(u->user_metadata), V_BOOL(u->is_sso),
           V_BOOL(u->is_anonymous));
}

void user_save(struct tx *tx, struct user *u)
{
    /* a deleted user's password is null, as the official server leaves it */
#define SAVE(password)                                                                             \
    "update @users set role = $1, email = $2, phone = $3, encrypted_password = " password ", "     \
    "email_confirmed_at = $5, invited_at = $6, confirmation_sent_at = $7, "                        \
    "recovery_sent_at = $8, email_change = $9, phone_change = $10, email_change_sent_at = "        \
    "$11, last_sign_in_at = $12, updated_at = $13, phone_confirmed_at = $14, "                     \
    "phone_change_sent_at = $15, reauthentication_sent_at = $16, banned_until = $17, "             \
    "deleted_at = $18, raw_app_meta_data = $19, raw_user_meta_data = $20, "                        \
    "email_change_confirm_status = $21, is_anonymous = $22 where id = $23"
    DB_SQL2(sql, SAVE("$4"), SAVE("case when $18::timestamptz is null then $4 else null end"));
    u->updated_at = tx->ctx->now_us;
    db_run(tx, &sql, V_TEXT(u->role), V_TEXT(null_if_empty(u->email)),
           V_TEXT(null_if_empty(u->phone)), V_TEXT(or_empty(u->password)),
           V_TIME(u->email_confirmed_at), V_TIME(u->invited_at), V_TIME(u->confirmation_sent_at),
           V_TIME(u->recovery_sent_at), V_TEXT(or_empty(u->email_change)),
           V_TEXT(or_empty(u->phone_change)), V_TIME(u->email_change_sent_at),
           V_TIME(u->last_sign_in_at), V_TIME(u->updated_at), V_TIME(u->phone_confirmed_at),
           V_TIME(u->phone_change_sent_at), V_TIME(u->reauthentication_sent_at),
           V_TIME(u->banned_until), V_TIME(u->deleted_at), V_JSON(u->app_metadata),
           V_JSON(u->user_metadata), V_INT(u->email_change_confirm_status), V_BOOL(u->is_anonymous),
           V_ID(&u->id));
}

void user_signed_in(struct tx *tx, struct user *u)
{
    DB_SQL(sql, "update @users set last_sign_in_at = $1, updated_at = $1 where id = $2");
    u->last_sign_in_at = u->updated_at = tx->ctx->now_us;
    db_run(tx, &sql, V_TIME(u->last_sign_in_at), V_ID(&u->id));
}

void user_set_password(struct tx *tx, const struct uuid *id, const char *stored)
{
    DB_SQL(sql, "update @users set encrypted_password = $1, updated_at = $2 where id = $3");
    db_run(tx, &sql, V_TEXT(stored), V_TIME(tx->ctx->now_us), V_ID(id));
}

void user_clear_tokens(struct tx *tx, struct user *u)
{
    DB_SQL(tokens, "delete from @one_time_tokens where user_id = $1");
    DB_SQL(columns,
           "update @users set confirmation_token = '', recovery_token = '', "
           "email_change_token_new = '', email_change_token_current = '', "
           "phone_change_token = '', reauthentication_token = '', confirmation_sent_at = null, "
           "recovery_sent_at = null, email_change_sent_at = null, phone_change_sent_at = null, "
           "reauthentication_sent_at = null where id = $1");
    u->confirmation_sent_at = u->recovery_sent_at = u->email_change_sent_at = 0;
    u->phone_change_sent_at = u->reauthentication_sent_at = 0;
    db_run(tx, &tokens, V_ID(&u->id));
    db_run(tx, &columns, V_ID(&u->id));
}

void user_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @users where id = $1");
    DB_SQL2(codes, NULL, "delete from @@recovery_sets where user_id = $1");
    DB_SQL2(networks, NULL, "delete from @@sign_in_networks where user_id = $1");
    db_run(tx, &networks, V_ID(id));
    DB_SQL2(steps, NULL, "delete from @@step_guards where user_id = $1");
    DB_SQL2(vouched, NULL, "delete from @@vouched_users where user_id = $1");
    DB_SQL2(sign_ups, NULL, "delete from @@sign_ups where user_id = $1");
    db_run(tx, &codes, V_ID(id)); /* on PostgreSQL nothing of ours refers to the schema auth */
    db_run(tx, &steps, V_ID(id));
    db_run(tx, &vouched, V_ID(id));
    db_run(tx, &sign_ups, V_ID(id));
    db_run(tx, &sql, V_ID(id));
}

/* The filter is matched as plain text (row AD5). */
#define USER_FILTER                                                                                \
    " from @users u where u.aud = $1 and ($2 = '' or instr(u.email, $2) > 0 or "                   \
    "json_extract(u.raw_user_meta_data, '$.full_name') like $3 escape '\\')"
#define USER_FILTER_PG                                                                             \
    " from @users u where u.aud = $1 and ($2 = '' or strpos(u.email, $2) > 0 or "                  \
    "u.raw_user_meta_data->>'full_name' ilike $3 escape '\\')"

bool users_any(struct tx *tx)
{
    DB_SQL(sql, "select id from @users limit 1");
    struct rows *r = db_query(tx, &sql);
    bool any = rows_next(r);
    rows_end(r);
    return any;
}

int64_t users_count(struct tx *tx, const struct user_query *q)
{
    DB_SQL2(sql, "select count(*)" USER_FILTER, "select count(*)" USER_FILTER_PG);
    struct rows *r = db_query(tx, &sql, V_TEXT(q->aud), V_TEXT(q->filter),
                              V_TEXT(like_containing(tx->ctx->arena, q->filter)));
    int64_t n = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return n;
}

int users_page(struct tx *tx, const struct user_query *q, struct user **out)
{
    DB_SQL2(
        up, "select " USER_COLUMNS USER_FILTER " order by u.created_at, u.id limit $4 offset $5",
        "select " USER_COLUMNS USER_FILTER_PG " order by u.created_at, u.id limit $4 offset $5");
    DB_SQL2(down,
            "select " USER_COLUMNS USER_FILTER
            " order by u.created_at desc, u.id desc limit $4 offset $5",
            "select " USER_COLUMNS USER_FILTER_PG
            " order by u.created_at desc, u.id desc limit $4 offset $5");
    struct rows *r = db_query(tx, q->ascending ? &up : &down, V_TEXT(q->aud), V_TEXT(q->filter),
                              V_TEXT(like_containing(tx->ctx->arena, q->filter)), V_INT(q->limit),
                              V_INT(q->offset));
    int n = 0;
    struct user *page = ARENA_ARRAY(tx->ctx->arena, struct user, q->limit + 1);
    while (n < q->limit && rows_next(r)) {
        read_user(r, &page[n++]);
    }
    rows_end(r);
    *out = page;
    return n;
}

/* one_time_tokens.c: SQL of one-time codes and link tokens, see one_time_tokens.h. */
#include "store/one_time_tokens.h"

static const char *const types[] = {
    [TOKEN_CONFIRMATION] = "confirmation_token",
    [TOKEN_RECOVERY] = "recovery_token",
    [TOKEN_EMAIL_CHANGE_CURRENT] = "email_change_token_current",
    [TOKEN_EMAIL_CHANGE_NEW] = "email_change_token_new",
    [TOKEN_PHONE_CHANGE] = "phone_change_token",
    [TOKEN_REAUTHENTICATION] = "reauthentication_token",
};

/* One statement a column: a column's name is no parameter. */
#define FOR_EACH_COLUMN(X)                                                                         \
    X(TOKEN_CONFIRMATION, "confirmation_token")                                                    \
    X(TOKEN_RECOVERY, "recovery_token")                                                            \
    X(TOKEN_EMAIL_CHANGE_CURRENT, "email_change_token_current")                                    \
    X(TOKEN_EMAIL_CHANGE_NEW, "email_change_token_new")                                            \
    X(TOKEN_PHONE_CHANGE, "phone_change_token")                                                    \
    X(TOKEN_REAUTHENTICATION, "reauthentication_token")

static struct sql set_column[] = {
#define X(kind, column) [kind] = { .text = "update @users set " column " = $1 where id = $2" },
    FOR_EACH_COLUMN(X)
#undef X
};
static struct sql get_column[] = {
#define X(kind, column) [kind] = { .text = "select " column " from @users where id = $1" },
    FOR_EACH_COLUMN(X)
#undef X
};
static struct sql find_column[] = {
#define WAITING(kind, column)                                                                      \
    "select u.id from @one_time_tokens t join @users u on u.id = t.user_id where "                 \
    "t.relates_to = $1 and t.token_type = '" column "' and u." column " in ($2, $3) "              \
    "order by t.created_at desc"
#define X(kind, column)                                                                            \
    [kind] = { .text = WAITING(kind, column),                                                      \
               .postgres = WAITING(kind, column) " limit 1 for no key update of u" },
    FOR_EACH_COLUMN(X)
#undef X
};

const char *token_type(enum token_kind kind)
{
    return types[kind];
}

static void delete_row(struct tx *tx, const struct uuid *user_id, enum token_kind kind)
{
    DB_SQL(sql, "delete from @one_time_tokens where user_id = $1 and token_type = $2");
    DB_SQL2(link, NULL,
            "delete from @@change_links where token_id in (select id from @one_time_tokens "
            "where user_id = $1 and token_type = $2)");
    if (token_is_change(kind)) { /* on PostgreSQL nothing of ours refers to the schema auth */
        db_run(tx, &link, V_ID(user_id), V_TEXT(types[kind]));
    }
    db_run(tx, &sql, V_ID(user_id), V_TEXT(types[kind]));
}

struct uuid token_put(struct tx *tx, const struct uuid *user_id, enum token_kind kind,
                      const char *code_hash, const char *link_hash, const char *relates_to)
{
    DB_SQL(sql, "insert into @one_time_tokens (id, user_id, token_type, token_hash, relates_to, "
                "created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)");
    struct uuid id = uuid_v4(tx->ctx->entropy);
    delete_row(tx, user_id, kind);
    db_run(tx, &set_column[kind], V_TEXT(code_hash), V_ID(user_id));
    db_run(tx, &sql, V_ID(&id), V_ID(user_id), V_TEXT(types[kind]), V_TEXT(link_hash),
           V_TEXT(relates_to), V_TIME(tx->ctx->now_us));
    return id;
}

const char *token_code_hash(struct tx *tx, const struct uuid *user_id, enum token_kind kind)
{
    struct rows *r = db_query(tx, &get_column[kind], V_ID(user_id));
    const char *hash = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return hash ? hash : "";
}

static bool one_id(struct rows *r, struct uuid *out)
{
    bool found = rows_next(r);
    if (found) {
        *out = rows_id(r, 0);
    }
    rows_end(r);
    return found;
}

bool token_by_link(struct tx *tx, enum token_kind kind, const char *link_hash, struct uuid *user_id)
{
/* nothing that was sent by SMS, and no code of a change whose link is elsewhere */
#define BY_LINK                                                                                    \
    "select t.user_id from @one_time_tokens t where t.token_hash = $1 and t.token_type = $2 and "  \
    "t.relates_to like '%@%' and not exists (select 1 from @@change_links l "                      \
    "where l.token_id = t.id)"
    DB_SQL2(lock, NULL, "select 1 from @users where id in (" BY_LINK ") for no key update");
    DB_SQL(sql, BY_LINK);
    db_run(tx, &lock, V_TEXT(link_hash), V_TEXT(types[kind]));
    return one_id(db_query(tx, &sql, V_TEXT(link_hash), V_TEXT(types[kind])), user_id);
}

bool token_by_code(struct tx *tx, enum token_kind kind, const char *address, const char *code_hash,
                   const char *other_hash, struct uuid *user_id)
{
    return one_id(
        db_query(tx, &find_column[kind], V_TEXT(address), V_TEXT(code_hash), V_TEXT(other_hash)),
        user_id);
}

int64_t changes_sent_at(struct tx *tx, const char *address, bool phone)
{
#define NEWEST(sent_at, types)                                                                     \
    "select max(u." sent_at ") from @one_time_tokens t join @users u on u.id = t.user_id "         \
    "where t.relates_to = $1 and t.token_type in (" types ")"
    DB_SQL(mails, NEWEST("email_change_sent_at",
                         "'email_change_token_current', 'email_change_token_new'"));
    DB_SQL(texts, NEWEST("phone_change_sent_at", "'phone_change_token'"));
    struct rows *r = db_query(tx, phone ? &texts : &mails, V_TEXT(address));
    int64_t at = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    return at;
}

void token_clear(struct tx *tx, const struct uuid *user_id, enum token_kind kind)
{
    delete_row(tx, user_id, kind);
    db_run(tx, &set_column[kind], V_TEXT(""), V_ID(user_id));
}

void tokens_void_changes(struct tx *tx, const struct uuid *user_id)
{
#define OF_CHANGES                                                                                 \
    " where user_id = $1 and token_type in ('email_change_token_new', "                            \
    "'email_change_token_current', 'phone_change_token', 'reauthentication_token')"
    DB_SQL(tokens, "delete from @one_time_tokens" OF_CHANGES);
    DB_SQL(columns, "update @users set email_change = '', email_change_token_new = '', "
                    "email_change_token_current = '', email_change_confirm_status = 0, "
                    "email_change_sent_at = null, phone_change = '', phone_change_token = '', "
                    "phone_change_sent_at = null, reauthentication_token = '', "
                    "reauthentication_sent_at = null where id = $1");
    db_run(tx, &tokens, V_ID(user_id));
    db_run(tx, &columns, V_ID(user_id));
}

void token_void_code(struct tx *tx, const struct uuid *user_id, enum token_kind kind)
{
    db_run(tx, &set_column[kind], V_TEXT(""), V_ID(user_id));
}

bool user_by_phone_change(struct tx *tx, const char *aud, const char *phone, struct user *out)
{
    /* the official server has no index on phone_change, but one on what a token relates to */
    DB_SQL2(sql,
            "select id from @users where phone_change = $1 and phone_change <> '' and aud = $2 "
            "order by phone_change_sent_at desc limit 1",
            "select u.id from @one_time_tokens t join @users u on u.id = t.user_id where "
            "t.relates_to = $1 and t.token_type = 'phone_change_token' and u.phone_change = $1 "
            "and u.aud = $2 order by u.phone_change_sent_at desc nulls last limit 1");
    struct uuid id;
    return one_id(db_query(tx, &sql, V_TEXT(phone), V_TEXT(aud)), &id) && user_by_id(tx, &id, out);
}

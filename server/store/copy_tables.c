/* copy_tables.c: the tables in the order in which rows may refer to each other, and their SQL, see
 * copy_tables.h. A new column of a table of the store has its row here too; the test copy_suite.py
 * compares these lists with the schema. */
#include "store/copy_tables.h"

#include "base/strbuf.h"
#include "store/copy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define C(column, kind)                                                                            \
    {                                                                                              \
#column, DB_##kind, COPY_AS_IS, 0                                                          \
    }
#define F(column, kind)                                                                            \
    {                                                                                              \
#column, DB_##kind, COPY_FILL, 0                                                           \
    }
#define L(column, kind, lack)                                                                      \
    {                                                                                              \
#column, DB_##kind, COPY_AS_IS, DB_LACKS_##lack                                            \
    }

static const struct copy_column users[] = {
    C(id, ID),
    F(instance_id, ID),
    F(aud, TEXT),
    F(role, TEXT),
    C(email, TEXT),
    F(encrypted_password, TEXT),
    C(email_confirmed_at, TIME),
    C(invited_at, TIME),
    F(confirmation_token, TEXT),
    C(confirmation_sent_at, TIME),
    F(recovery_token, TEXT),
    C(recovery_sent_at, TIME),
    F(email_change_token_new, TEXT),
    F(email_change, TEXT),
    C(email_change_sent_at, TIME),
    C(last_sign_in_at, TIME),
    C(raw_app_meta_data, JSON),
    C(raw_user_meta_data, JSON),
    C(is_super_admin, BOOL),
    F(created_at, TIME),
    F(updated_at, TIME),
    C(phone, TEXT),
    C(phone_confirmed_at, TIME),
    F(phone_change, TEXT),
    F(phone_change_token, TEXT),
    C(phone_change_sent_at, TIME),
    F(email_change_token_current, TEXT),
    F(email_change_confirm_status, INT),
    C(banned_until, TIME),
    F(reauthentication_token, TEXT),
    C(reauthentication_sent_at, TIME),
    F(is_sso_user, BOOL),
    C(deleted_at, TIME),
    F(is_anonymous, BOOL),
};

static const struct copy_column identities[] = {
    C(id, ID),         C(provider_id, TEXT),     C(user_id, ID),      C(identity_data, JSON),
    C(provider, TEXT), C(last_sign_in_at, TIME), F(created_at, TIME), F(updated_at, TIME),
};

static const struct copy_column sessions[] = {
    C(id, ID),
    C(user_id, ID),
    F(created_at, TIME),
    F(updated_at, TIME),
    C(factor_id, ID),
    C(aal, TEXT),
    C(not_after, TIME),
    C(refreshed_at, TIME),
    C(user_agent, TEXT),
    { "ip", DB_TEXT, COPY_ADDRESS, 0 },
    C(tag, TEXT),
    L(refresh_token_hmac_key, TEXT, COUNTERS),
    L(refresh_token_counter, INT, COUNTERS),
};

static const struct copy_column refresh_tokens[] = {
    C(id, INT),          F(instance_id, ID),  C(token, TEXT),  F(user_id, TEXT),  F(revoked, BOOL),
    F(created_at, TIME), F(updated_at, TIME), C(parent, TEXT), C(session_id, ID),
};

static const struct copy_column mfa_factors[] = {
    C(id, ID),
    C(user_id, ID),
    F(friendly_name, TEXT),
    C(factor_type, TEXT),
    C(status, TEXT),
    C(created_at, TIME),
    C(updated_at, TIME),
    F(secret, TEXT),
    C(phone, TEXT),
    { "last_challenged_at", DB_TIME, COPY_UNIQUE, 0 },
    C(web_authn_credential, JSON),
    C(web_authn_aaguid, ID),
    L(last_webauthn_challenge_data, JSON, WEBAUTHN_DATA),
};

static const struct copy_column mfa_challenges[] = {
    C(id, ID),
    C(factor_id, ID),
    C(created_at, TIME),
    C(verified_at, TIME),
    C(ip_address, TEXT),
    F(otp_code, TEXT),
    C(web_authn_session_data, JSON),
};

static const struct copy_column mfa_amr_claims[] = {
    C(session_id, ID),   C(authentication_method, TEXT), C(id, ID), C(created_at, TIME),
    C(updated_at, TIME),
};

static const struct copy_column amr_factors[] = {
    C(session_id, ID),
    C(factor_id, ID),
    C(authentication_method, TEXT),
    C(verified_at, TIME),
};

static const struct copy_column one_time_tokens[] = {
    C(id, ID),           C(user_id, ID),      C(token_type, TEXT), C(token_hash, TEXT),
    C(relates_to, TEXT), C(created_at, TIME), C(updated_at, TIME),
};

static const struct copy_column flow_state[] = {
    C(id, ID),
    C(user_id, ID),
    C(auth_code, TEXT),
    C(code_challenge_method, TEXT),
    C(code_challenge, TEXT),
    C(provider_type, TEXT),
    F(provider_access_token, TEXT),
    F(provider_refresh_token, TEXT),
    F(created_at, TIME),
    F(updated_at, TIME),
    C(authentication_method, TEXT),
    C(auth_code_issued_at, TIME),
};

static const struct copy_column audit_log_entries[] = {
    C(id, ID), F(instance_id, ID), F(payload, JSON), F(created_at, TIME), F(ip_address, TEXT),
};

static const struct copy_column factor_guards[] = {
    C(factor_id, ID),   C(last_step, INT),   C(failures, INT),  C(locked_until, TIME),
    C(spent, INT),      C(spent_at, TIME),   C(session_id, ID), C(session_wrong, INT),
    C(enrolled_in, ID), C(updated_at, TIME),
};

static const struct copy_column step_guards[] = {
    C(user_id, ID),        C(subject_id, ID),   C(origin, TEXT),   C(failures, INT),
    C(locked_until, TIME), C(spent, INT),       C(spent_at, TIME), C(session_id, ID),
    C(session_wrong, INT), C(updated_at, TIME),
};

static const struct copy_column totp_devices[] = {
    C(factor_id, ID),    C(algorithm, TEXT),  C(digits, INT),   C(period_s, INT),
    C(drift, INT),       C(readings, INT),    C(read_at, TIME), C(refused_off_s, INT),
    C(refused_at, TIME), C(updated_at, TIME),
};

static const struct copy_column password_guards[] = {
    C(key, TEXT), C(failures, INT), C(locked_until, TIME), C(updated_at, TIME), C(account, TEXT),
};

static const struct copy_column code_guards[] = {
    C(key, TEXT),       C(wrong, INT),       C(newest_at, TIME),
    C(voided_at, TIME), C(busy_until, TIME), C(updated_at, TIME),
};

static const struct copy_column change_links[] = {
    C(token_id, ID),
    C(link_hash, TEXT),
};

static const struct copy_column vouched_users[] = {
    C(user_id, ID),
    C(password, BOOL),
    C(metadata, BOOL),
};

static const struct copy_column recovery_sets[] = {
    C(user_id, ID),        C(id, ID),           C(friendly_name, TEXT), C(failures, INT),
    C(locked_until, TIME), C(created_at, TIME), C(updated_at, TIME),
};

static const struct copy_column recovery_codes[] = {
    C(user_id, ID),
    C(code_hash, TEXT),
    C(used_at, TIME),
};

static const struct copy_column send_limits[] = {
    C(name, TEXT),
    C(left_millionths, INT),
    C(filled_at, TIME),
};

static const struct copy_column send_pauses[] = {
    C(key, TEXT),
    C(taken_at, TIME),
};

static const struct copy_column sign_in_networks[] = {
    C(user_id, ID),
    C(network, TEXT),
    C(seen_at, TIME),
};

static const struct copy_column notice_counts[] = {
    C(subject_id, ID),
    C(kind, TEXT),
    C(since, TIME),
    C(sent, INT),
};

static const struct copy_column wrong_codes[] = {
    C(session_id, ID),
    C(user_id, ID),
    C(wrong, INT),
    C(updated_at, TIME),
};

static const struct copy_column sign_ups[] = {
    C(user_id, ID),
    C(kind, TEXT),
    C(seen_at, TIME),
};

static const struct copy_column session_proofs[] = {
    C(session_id, ID),
    C(phone, TEXT),
};

static const struct copy_column outbox[] = {
    C(id, ID),           C(kind, TEXT),        C(topic, TEXT),   C(payload, TEXT),
    C(created_at, TIME), C(next_try_at, TIME), C(attempts, INT), C(last_error, TEXT),
};

/* Sessions of OAuth clients stay behind: without their scopes they could do more than before.
 * Older schemas do not have the column, so it is asked for by its name. */
#define PLAIN(session) "to_jsonb(" session ") ->> 'oauth_client_id' is null"
#define PLAIN_SESSION                                                                              \
    "exists (select 1 from @sessions s where s.id = t.session_id and " PLAIN("s") ")"

/* Of users and factors that the official server deleted, rows stay until the sweep. */
#define HAS_USER "exists (select 1 from @users u where u.id = t.user_id)"
#define HAS_FACTOR "exists (select 1 from @mfa_factors f where f.id = t.factor_id)"

#define TABLE(at, table, keys, changed, where)                                                     \
    {                                                                                              \
#table, at #table, keys, where, changed, table, (int)(sizeof table / sizeof table[0])      \
    }

const struct copy_table copy_tables[] = {
    TABLE("@", users, 1, "updated_at", NULL),
    TABLE("@", identities, 1, "updated_at", NULL),
    TABLE("@", sessions, 1, "updated_at", PLAIN("t")),
    TABLE("@", refresh_tokens, 1, "updated_at",
          "t.token is not null and (t.session_id is null or " PLAIN_SESSION ")"),
    TABLE("@", mfa_amr_claims, 2, NULL, PLAIN_SESSION),
    TABLE("@@", session_proofs, 1, NULL, PLAIN_SESSION),
    TABLE("@@", amr_factors, 2, "verified_at", PLAIN_SESSION),
    TABLE("@", mfa_factors, 1, "updated_at", NULL),
    TABLE("@@", factor_guards, 1, "updated_at", HAS_FACTOR),
    TABLE("@@", step_guards, 3, "updated_at", HAS_USER),
    TABLE("@@", totp_devices, 1, "updated_at", HAS_FACTOR),
    TABLE("@", mfa_challenges, 1, NULL, NULL),
    TABLE("@", one_time_tokens, 1, NULL, NULL),
    TABLE("@@", change_links, 1, NULL,
          "exists (select 1 from @one_time_tokens o where o.id = t.token_id)"),
    TABLE("@@", code_guards, 1, NULL, NULL),
    TABLE("@@", vouched_users, 1, NULL, HAS_USER),
    TABLE("@@", recovery_sets, 1, "updated_at", HAS_USER),
    TABLE("@@", recovery_codes, 2, "used_at", HAS_USER),
    TABLE("@", flow_state, 1, NULL, NULL),
    TABLE("@@", password_guards, 1, NULL, NULL),
    TABLE("@@", send_limits, 1, NULL, NULL),
    TABLE("@@", send_pauses, 1, NULL, NULL),
    TABLE("@@", sign_in_networks, 2, NULL, HAS_USER),
    TABLE("@@", notice_counts, 2, NULL, NULL),
    TABLE("@@", wrong_codes, 1, NULL, NULL),
    TABLE("@@", sign_ups, 1, "seen_at", HAS_USER),
    TABLE("@@", outbox, 1, NULL, NULL),
    TABLE("@", audit_log_entries, 1, NULL, NULL),
};
const int copy_tables_count = sizeof copy_tables / sizeof copy_tables[0];
_Static_assert(sizeof copy_tables / sizeof copy_tables[0] == COPY_TABLES, "see copy.h");

/* --- statements --- */

const struct copy_table *copy_table_without(struct arena *arena, const struct copy_table *table,
                                            unsigned lacks)
{
    struct copy_table *out = ARENA_NEW(arena, struct copy_table);
    struct copy_column *columns = ARENA_ARRAY(arena, struct copy_column, table->n);
    *out = *table;
    out->columns = columns;
    out->n = 0;
    for (int i = 0; i < table->n; i++) {
        if (!(table->columns[i].lack & lacks)) {
            columns[out->n++] = table->columns[i];
        }
    }
    return out;
}

enum { SQL_MAX = 8192, ROWS_A_BATCH = 1000 };

static void add_names(struct strbuf *b, const struct copy_table *table, int n)
{
    for (int i = 0; i < n; i++) {
        strbuf_printf(b, "%s%s", i ? ", " : "", table->columns[i].name);
    }
}

static const char *page(struct arena *arena, const struct copy_table *table, const char *where,
                        bool after)
{
    struct strbuf b = strbuf_in(arena, SQL_MAX);
    strbuf_str(&b, "select ");
    add_names(&b, table, table->n);
    strbuf_printf(&b, " from %s t", table->table);
    if (after) {
        strbuf_str(&b, table->keys == 2 ? " where (" : " where ");
        add_names(&b, table, table->keys);
        strbuf_str(&b, table->keys == 2 ? ") > ($1, $2)" : " > $1");
    }
    if (where) {
        strbuf_printf(&b, " %s (%s)", after ? "and" : "where", where);
    }
    strbuf_str(&b, " order by ");
    add_names(&b, table, table->keys);
    strbuf_printf(&b, " limit %d", ROWS_A_BATCH);
    return b.data;
}

static const char *insertion(struct arena *arena, const struct copy_table *table, bool postgres)
{
    struct strbuf b = strbuf_in(arena, SQL_MAX);
    strbuf_printf(&b, "insert into %s (", table->table);
    add_names(&b, table, table->n);
    strbuf_str(&b, ") values (");
    for (int i = 0; i < table->n; i++) {
        const struct copy_column *c = &table->columns[i];
        strbuf_str(&b, i ? ", " : "");
        if (postgres && c->rule == COPY_UNIQUE) {
            strbuf_printf(&b,
                          "case when exists (select 1 from %s o where o.%s = $%d) then null "
                          "else $%d end",
                          table->table, c->name, i + 1, i + 1);
        } else {
            strbuf_printf(&b, "$%d", i + 1);
        }
    }
    strbuf_char(&b, ')');
    return b.data;
}

void copy_statements_make(struct arena *arena, const struct copy_table *table, bool from_postgres,
                          bool to_postgres, struct copy_statements *out)
{
    const char *where = from_postgres ? table->where : NULL;
    const char *changed =
        table->changed ? arena_printf(arena, "max(t.%s)", table->changed) : "null";
    out->count.text = arena_printf(arena, "select count(*), %s from %s t%s%s", changed,
                                   table->table, where ? " where " : "", where ? where : "");
    out->first.text = page(arena, table, where, false);
    out->next.text = page(arena, table, where, true);
    out->insert.text = insertion(arena, table, to_postgres);
    out->any.text =
        arena_printf(arena, "select count(*) from (select 1 from %s limit 1) t", table->table);
}

/* --- values --- */

static bool is_address(const char *text)
{
    unsigned char bytes[16];
    char address[64];
    size_t len = text ? strcspn(text, "/") : 0;
    if (!len || len >= sizeof address) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

static struct db_value empty(enum db_kind kind)
{
    switch (kind) {
    case DB_ID:
        return V_ID(&uuid_nil);
    case DB_TEXT:
        return V_TEXT("");
    case DB_JSON:
        return V_JSON("{}");
    case DB_TIME:
        return V_TIME(1);
    case DB_BOOL:
        return V_BOOL(false);
    default:
        return V_INT(0);
    }
}

static struct db_value read_value(struct rows *rows, int i, enum db_kind kind, struct uuid *id)
{
    switch (kind) {
    case DB_ID:
        *id = rows_id(rows, i);
        return V_ID(id);
    case DB_TEXT:
        return V_TEXT(rows_text(rows, i));
    case DB_JSON:
        return V_JSON(rows_text(rows, i));
    case DB_TIME:
        return V_TIME(rows_time(rows, i));
    case DB_BOOL:
        return V_BOOL(rows_int(rows, i));
    default:
        return V_INT(rows_int(rows, i));
    }
}

void copy_row_read(const struct copy_table *table, struct rows *rows, bool to_postgres,
                   struct uuid ids[COPY_COLUMNS], struct db_value values[COPY_COLUMNS])
{
    for (int i = 0; i < table->n; i++) {
        const struct copy_column *c = &table->columns[i];
        if (rows_null(rows, i)) {
            values[i] =
                c->rule == COPY_FILL ? empty(c->kind) : (struct db_value){ .kind = DB_NULL };
            continue;
        }
        values[i] = read_value(rows, i, c->kind, &ids[i]);
        if (to_postgres && c->rule == COPY_ADDRESS && !is_address(values[i].text)) {
            values[i] = (struct db_value){ .kind = DB_NULL };
        }
    }
}

const char *copy_key_text(struct arena *arena, const struct db_value *value)
{
    char id[UUID_TEXT];
    return value->kind == DB_ID    ? arena_strdup(arena, uuid_format(value->id, id))
           : value->kind == DB_INT ? arena_printf(arena, "%lld", (long long)value->number)
                                   : value->text;
}

bool copy_key_read(const struct copy_column *column, const char *text, struct uuid *id,
                   struct db_value *out)
{
    char *end = NULL;
    if (column->kind == DB_ID) {
        *out = V_ID(id);
        return uuid_parse(text, id);
    }
    if (column->kind == DB_INT) {
        *out = V_INT(strtoll(text, &end, 10));
        return end != text && !*end;
    }
    *out = V_TEXT(text);
    return true;
}

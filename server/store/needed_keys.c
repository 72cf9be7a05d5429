/* needed_keys.c: see needed_keys.h. */
#include "store/needed_keys.h"

/* Each ON CONFLICT of store/ needs a unique key on just its columns; a request that loses a race
 * needs the others to be refused; what is deleted with a user or a session goes by the foreign
 * keys. Columns in the order of the alphabet. */
#define UNIQUE                                                                                     \
    "('auth.flow_state', 'id', 'u'), ('auth.identities', 'id', 'u'), "                             \
    "('auth.identities', 'provider, provider_id', 'u'), "                                          \
    "('auth.mfa_amr_claims', 'authentication_method, session_id', 'u'), "                          \
    "('auth.mfa_challenges', 'id', 'u'), ('auth.mfa_factors', 'id', 'u'), "                        \
    "('auth.one_time_tokens', 'id', 'u'), ('auth.one_time_tokens', 'token_type, user_id', 'u'), "  \
    "('auth.refresh_tokens', 'id', 'u'), ('auth.refresh_tokens', 'token', 'u'), "                  \
    "('auth.sessions', 'id', 'u'), ('auth.users', 'id', 'u'), ('auth.users', 'phone', 'u'), "      \
    "('countersign.amr_factors', 'factor_id, session_id', 'u'), "                                  \
    "('countersign.challenge_rings', 'factor_id, origin', 'u'), "                                  \
    "('countersign.change_links', 'link_hash', 'u'), "                                             \
    "('countersign.change_links', 'token_id', 'u'), ('countersign.code_guards', 'key', 'u'), "     \
    "('countersign.facts', 'name', 'u'), ('countersign.factor_guards', 'factor_id', 'u'), "        \
    "('countersign.ghosts', 'place', 'u'), "                                                       \
    "('countersign.notice_counts', 'kind, subject_id', 'u'), "                                     \
    "('countersign.outbox', 'id', 'u'), ('countersign.password_guards', 'key', 'u'), "             \
    "('countersign.recovery_codes', 'code_hash, user_id', 'u'), "                                  \
    "('countersign.recovery_sets', 'user_id', 'u'), "                                              \
    "('countersign.schema_version', 'version', 'u'), ('countersign.send_limits', 'name', 'u'), "   \
    "('countersign.send_pauses', 'key', 'u'), ('countersign.session_proofs', 'session_id', 'u'), " \
    "('countersign.sign_in_networks', 'network, user_id', 'u'), "                                  \
    "('countersign.sign_ups', 'user_id', 'u'), "                                                   \
    "('countersign.step_guards', 'origin, subject_id, user_id', 'u'), "                            \
    "('countersign.totp_devices', 'factor_id', 'u'), "                                             \
    "('countersign.vouched_users', 'user_id', 'u'), ('countersign.wrong_codes', 'session_id', 'u')"

/* Unique where a condition holds. */
#define PARTLY_UNIQUE "('auth.users', 'email', 'p')"

/* Foreign keys whose rows go with the row that they refer to. */
#define FOREIGN                                                                                    \
    "('auth.identities', 'user_id', 'f'), ('auth.mfa_amr_claims', 'session_id', 'f'), "            \
    "('auth.mfa_challenges', 'factor_id', 'f'), ('auth.mfa_factors', 'user_id', 'f'), "            \
    "('auth.one_time_tokens', 'user_id', 'f'), ('auth.refresh_tokens', 'session_id', 'f'), "       \
    "('auth.sessions', 'user_id', 'f'), ('countersign.recovery_codes', 'user_id', 'f')"

#define COLUMNS_OF(table, numbers)                                                                 \
    "(select string_agg(a.attname::text, ', ' order by a.attname::text collate \"C\") "            \
    "from pg_attribute a where a.attrelid = " table " and a.attnum = any (" numbers "))"
#define INDEX_COLUMNS COLUMNS_OF("i.indrelid", "(i.indkey::int2[])[0:i.indnkeyatts - 1]")
#define FOREIGN_KEY_COLUMNS COLUMNS_OF("c.conrelid", "c.conkey")

static const char *first_missing(struct tx *tx)
{
    DB_SQL(
        sql,
        "select string_agg(missing, ', ') from (select case t.kind when 'f' then 'the foreign key "
        "of ' else 'the unique key of ' end || t.name || ' (' || t.columns || ')' as missing "
        "from (values " UNIQUE ", " PARTLY_UNIQUE ", " FOREIGN ") t (name, columns, kind) where "
        "not exists (select 1 from pg_index i where t.kind <> 'f' and "
        "i.indrelid = to_regclass(t.name) and i.indisunique and i.indisvalid and i.indimmediate "
        "and i.indexprs is null and (i.indpred is null or t.kind = 'p') and t.columns = " INDEX_COLUMNS
        ") and "
        "not exists (select 1 from pg_constraint c where t.kind = 'f' and c.contype = 'f' and "
        "c.conrelid = to_regclass(t.name) and c.confdeltype = 'c' and t.columns = " FOREIGN_KEY_COLUMNS
        ") limit 4) missing");
    struct rows *r = db_query(tx, &sql);
    const char *text = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return text;
}

const char *needed_keys_missing(struct tx *tx)
{
    const char *missing = db_is_postgres(tx->db) ? first_missing(tx) : NULL;
    return missing
               ? arena_printf(tx->ctx->arena,
                              "the database lacks %s, as after a restore that broke off: restore "
                              "the backup again into an empty database and look at each error "
                              "(pg_restore --exit-on-error, psql -v ON_ERROR_STOP=1), or make what "
                              "is missing",
                              missing)
               : NULL;
}

const char *needed_keys_fault(struct db *db, struct arena *arena)
{
    struct ctx ctx = { .arena = arena };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    tx.status = db_begin(db, TX_READ);
    const char *fault = needed_keys_missing(&tx);
    if (tx.status != DB_OK) {
        fault = "the tables' keys could not be looked at (see the log)";
    }
    db_rollback(db);
    return fault;
}

/* flow_states.c: SQL of the table flow_state, see flow_states.h. */
#include "store/flow_states.h"

#define FLOW_COLUMNS                                                                               \
    "id, user_id, auth_code, code_challenge, code_challenge_method, provider_type, "               \
    "authentication_method, created_at, auth_code_issued_at"

void flow_state_insert(struct tx *tx, const struct flow_state *f)
{
    DB_SQL2(sql,
            "insert into @flow_state (id, user_id, auth_code, code_challenge, "
            "code_challenge_method, provider_type, provider_access_token, "
            "provider_refresh_token, authentication_method, created_at, updated_at) "
            "values ($1, $2, $3, $4, $5, $6, '', '', $7, $8, $8)",
            "insert into @flow_state (id, user_id, auth_code, code_challenge, "
            "code_challenge_method, provider_type, provider_access_token, "
            "provider_refresh_token, authentication_method, created_at, updated_at) "
            "values ($1, $2, $3, $4, $5, $6, '', '', $7, $8, $8)");
    db_run(tx, &sql, V_ID(&f->id), V_ID(&f->user_id), V_TEXT(f->auth_code),
           V_TEXT(f->code_challenge), V_TEXT(f->code_challenge_method), V_TEXT(f->provider_type),
           V_TEXT(f->authentication_method), V_TIME(tx->ctx->now_us));
}

static bool one_flow_state(struct rows *r, struct flow_state *out)
{
    bool found = rows_next(r);
    if (found) {
        *out = (struct flow_state){
            .id = rows_id(r, 0),
            .user_id = rows_id(r, 1),
            .auth_code = rows_text(r, 2),
            .code_challenge = rows_text(r, 3),
            .code_challenge_method = rows_text(r, 4),
            .provider_type = rows_text(r, 5),
            .authentication_method = rows_text(r, 6),
            .created_at = rows_time(r, 7),
            .auth_code_issued_at = rows_time(r, 8),
        };
    }
    rows_end(r);
    return found;
}

bool flow_state_by_code(struct tx *tx, const char *auth_code, struct flow_state *out)
{
#define BY_CODE "select " FLOW_COLUMNS " from @flow_state where auth_code = $1"
    DB_SQL2(sql, BY_CODE, BY_CODE " for update"); /* a code counts once, on any node */
    return one_flow_state(db_query(tx, &sql, V_TEXT(auth_code)), out);
}

bool flow_state_newest(struct tx *tx, const struct uuid *user_id, const char *method,
                       struct flow_state *out)
{
    DB_SQL(sql, "select " FLOW_COLUMNS " from @flow_state where user_id = $1 "
                "and authentication_method = $2 order by created_at desc limit 1");
    return one_flow_state(db_query(tx, &sql, V_ID(user_id), V_TEXT(method)), out);
}

void flow_state_issued(struct tx *tx, const struct uuid *id, int64_t at_us)
{
    DB_SQL(sql, "update @flow_state set auth_code_issued_at = $1, updated_at = $1 where id = $2");
    db_run(tx, &sql, V_TIME(at_us), V_ID(id));
}

void flow_states_delete_except(struct tx *tx, const struct uuid *user_id, const struct uuid *kept)
{
    DB_SQL(sql, "delete from @flow_state where user_id = $1 and id <> $2");
    db_run(tx, &sql, V_ID(user_id), V_ID(kept));
}

void flow_states_delete(struct tx *tx, const struct uuid *user_id)
{
    flow_states_delete_except(tx, user_id, &uuid_nil);
}

void flow_state_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @flow_state where id = $1");
    db_run(tx, &sql, V_ID(id));
}

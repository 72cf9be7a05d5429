/* session_proofs.c: SQL of the table session_proofs, see session_proofs.h. */
#include "store/session_proofs.h"

DB_SQL(of_session, "select phone from @@session_proofs where session_id = $1");

void session_proof_put(struct tx *tx, const struct uuid *session_id, const char *phone)
{
    DB_SQL(sql, "insert into @@session_proofs (session_id, phone) values ($1, $2) "
                "on conflict (session_id) do nothing");
    db_run(tx, &sql, V_ID(session_id), V_TEXT(phone));
}

void session_proof_prefetch(struct tx *tx, const struct uuid *session_id)
{
    db_prefetch(tx, &of_session, V_ID(session_id));
}

struct session_proof session_proof_of(struct tx *tx, const struct uuid *session_id)
{
    struct session_proof proof = { .known = false };
    struct rows *r = db_query(tx, &of_session, V_ID(session_id));
    if (rows_next(r)) {
        proof = (struct session_proof){ .known = true, .phone = rows_text(r, 0) };
    }
    rows_end(r);
    return proof;
}

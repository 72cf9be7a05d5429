/* facts.c: SQL of the table facts, see facts.h. */
#include "store/facts.h"

const char *fact_get(struct tx *tx, const char *name)
{
    DB_SQL(sql, "select value from @@facts where name = $1");
    struct rows *r = db_query(tx, &sql, V_TEXT(name));
    const char *value = rows_next(r) ? rows_text(r, 0) : NULL;
    rows_end(r);
    return value;
}

void fact_put(struct tx *tx, const char *name, const char *value)
{
    DB_SQL(sql, "insert into @@facts (name, value) values ($1, $2) "
                "on conflict (name) do update set value = excluded.value");
    db_run(tx, &sql, V_TEXT(name), V_TEXT(value));
}

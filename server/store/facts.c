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

void fact_put_new(struct tx *tx, const char *name, const char *value)
{
    DB_SQL(sql, "insert into @@facts (name, value) values ($1, $2) on conflict (name) do nothing");
    db_run(tx, &sql, V_TEXT(name), V_TEXT(value));
}

void fact_delete(struct tx *tx, const char *name)
{
    DB_SQL(sql, "delete from @@facts where name = $1");
    db_run(tx, &sql, V_TEXT(name));
}

int facts_named(struct tx *tx, const char *beginning, struct fact *out, int most)
{
    DB_SQL(sql, "select name, value from @@facts where substr(name, 1, length($1)) = $1 "
                "order by name limit $2");
    struct rows *r = db_query(tx, &sql, V_TEXT(beginning), V_INT(most));
    int n = 0;
    while (n < most && rows_next(r)) {
        out[n++] = (struct fact){ rows_text(r, 0), rows_text(r, 1) };
    }
    rows_end(r);
    return n;
}

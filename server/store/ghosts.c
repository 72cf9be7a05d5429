/* ghosts.c: SQL of the table ghosts, see ghosts.h. A transaction takes a slot by chance and writes
 * its rows in their order, so those of two at once do not wait for each other in a circle. */
#include "store/ghosts.h"

#include <string.h>

enum { SLOTS = 256, WRITES_MAX = 64, VALUE_SIZE = 16, SIZE_MAX_ = 32 << 10 };

void ghost_begin(struct tx *tx)
{
    if (!tx->ghost) {
        tx->ghost = true;
        tx->ghost_slot =
            tx->ghost_writes ? tx->ghost_slot : (int)entropy_below(tx->ctx->entropy, SLOTS);
    }
}

void ghost_end(struct tx *tx)
{
    tx->ghost = false;
}

void ghost_write(struct tx *tx, const struct db_value *values, int n)
{
    DB_SQL(sql, "insert into @@ghosts (place, body) values ($1, $2) on conflict (place) do update "
                "set body = excluded.body");
    size_t size = 1;
    for (int i = 0; i < n; i++) {
        bool text = (values[i].kind == DB_TEXT || values[i].kind == DB_JSON) && values[i].text;
        size += text ? strlen(values[i].text) : VALUE_SIZE;
    }
    size = size < SIZE_MAX_ ? size : SIZE_MAX_;
    char *body = arena_alloc(tx->ctx->arena, size + 1);
    memset(body, '.', size);
    int place = tx->ghost_slot * WRITES_MAX + tx->ghost_writes % WRITES_MAX;
    tx->ghost_writes++;
    tx->ghost = false;
    db_run(tx, &sql, V_INT(place), V_TEXT(body));
    tx->ghost = true;
}

/* reseal.c: see reseal.h. A row that somebody else writes meanwhile is left to them: they write it
 * with the current key. */
#include "domain/reseal.h"

static void reseal_row(struct reseal *r, struct tx *tx, const struct sealed_row *row)
{
    struct arena *arena = tx->ctx->arena;
    if (!vault_stale(r->vault, arena, row->value)) {
        return;
    }
    const char *plain = vault_open(r->vault, arena, &row->id, row->value);
    if (!plain) {
        r->unreadable++;
        return;
    }
    const char *sealed = vault_seal(r->vault, arena, tx->ctx->entropy, &row->id, plain);
    r->written += sealed_replace(tx, r->column, row, sealed);
}

enum problem reseal_batch(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct reseal *r = arg;
    struct sealed_row *rows = ARENA_ARRAY(ctx->arena, struct sealed_row, RESEAL_BATCH);
    r->written = r->unreadable = 0;
    r->looked = sealed_page(tx, r->column, &r->after, rows, RESEAL_BATCH);
    for (int i = 0; i < r->looked; i++) {
        reseal_row(r, tx, &rows[i]);
        r->last = rows[i].id;
    }
    return P_OK;
}

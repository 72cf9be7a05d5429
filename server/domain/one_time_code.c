/* one_time_code.c: making and checking one-time codes, see one_time_code.h. */
#include "domain/one_time_code.h"

#include "crypto/ct_equal.h"

#include <string.h>

enum { TRIES = 10, LINK_BYTES = 28, CODE_MAX = 16, CHANGES_MAX = 16 };

/* SHA-224 of address and code: the official form of row OT2. */
static const char *official_hash(struct arena *arena, const char *address, const char *code,
                                 bool pkce)
{
    uint8_t hash[SHA224_SIZE];
    char hex[2 * SHA224_SIZE + 1];
    const char *text = arena_printf(arena, "%s%s", address, code);
    digest_of(DIGEST_SHA224, text, strlen(text), hash);
    return arena_printf(arena, "%s%s", pkce ? "pkce_" : "", hex_encode(hash, sizeof hash, hex));
}

/* What stands in the database: a keyed hash, so that who reads it can neither use a link nor try
 * the million codes. */
static const char *stored_form(const struct realm *realm, struct arena *arena, const char *token)
{
    if (realm->official_tokens) {
        return token;
    }
    uint8_t mac[SHA256_SIZE];
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, token, strlen(token), mac);
    return hex_encode(mac, SHA224_SIZE, arena_alloc(arena, 2 * SHA224_SIZE + 1));
}

static const char *random_code(struct ctx *ctx, int length)
{
    char *digits = arena_alloc(ctx->arena, CODE_MAX);
    for (int i = 0; i < length && i < CODE_MAX - 1; i++) {
        digits[i] = (char)('0' + entropy_below(ctx->entropy, 10));
    }
    return digits;
}

/* Where the database is our own, a link's token is random and does not follow from the code. */
static const char *link_token(const struct realm *realm, struct ctx *ctx, const char *address,
                              const char *code, bool pkce)
{
    if (realm->official_tokens) {
        return official_hash(ctx->arena, address, code, pkce);
    }
    uint8_t bytes[LINK_BYTES];
    char hex[2 * LINK_BYTES + 1];
    entropy_bytes(ctx->entropy, bytes, sizeof bytes);
    return arena_printf(ctx->arena, "%s%s", pkce ? "pkce_" : "",
                        hex_encode(bytes, sizeof bytes, hex));
}

void code_make(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, bool pkce, int length, const char *code,
               struct one_time_code *out)
{
    struct arena *arena = tx->ctx->arena;
    out->code = code ? code : random_code(tx->ctx, length);
    out->link_token = link_token(realm, tx->ctx, address, out->code, pkce);
    token_put(tx, user_id, kind,
              stored_form(realm, arena, official_hash(arena, address, out->code, pkce)),
              stored_form(realm, arena, out->link_token), address);
}

static void count_wrong(struct tx *tx, const struct uuid *user_id, enum token_kind kind)
{
    if (token_failed(tx, user_id, kind) >= TRIES) {
        token_clear(tx, user_id, kind);
    }
    tx_keep(tx);
}

static bool is_code(const struct realm *realm, struct arena *arena, const char *live,
                    const char *address, const char *code)
{
    bool fits = false;
    for (int pkce = 0; pkce < 2; pkce++) {
        const char *given =
            stored_form(realm, arena, official_hash(arena, address, code, pkce));
        fits = (*live && ct_equal_text(live, given)) || fits;
    }
    return fits;
}

bool code_fits_one(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                   const struct code_kinds *kinds, const char *address, const char *code,
                   enum token_kind *out)
{
    const char *live[CODE_KINDS_MAX];
    for (int i = 0; i < kinds->n; i++) {
        live[i] = token_code_hash(tx, user_id, kinds->list[i]);
        if (is_code(realm, tx->ctx->arena, live[i], address, code)) {
            *out = kinds->list[i];
            return true;
        }
    }
    for (int i = 0; i < kinds->n; i++) {
        if (*live[i]) {
            count_wrong(tx, user_id, kinds->list[i]);
        }
    }
    return false;
}

bool code_fits(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, const char *code)
{
    struct code_kinds kinds = { .list = { kind }, .n = 1 };
    return code_fits_one(realm, tx, user_id, &kinds, address, code, &kind);
}

bool code_fits_elsewhere(struct tx *tx, const char *phone, const char *code)
{
    struct asked_code *asked = &tx->ctx->asked;
    if (tx->ctx->rehearsing) {
        *asked = (struct asked_code){ .phone = phone, .code = code };
        return true;
    }
    return asked->right && strcmp(asked->phone, phone) == 0 && strcmp(asked->code, code) == 0;
}

bool link_find(const struct realm *realm, struct tx *tx, enum token_kind kind, const char *token,
               struct uuid *user_id)
{
    return token_by_link(tx, kind, stored_form(realm, tx->ctx->arena, token), user_id);
}

bool change_code_find(const struct realm *realm, struct tx *tx, enum token_kind kind,
                      const char *address, const char *code, struct uuid *user_id)
{
    struct arena *arena = tx->ctx->arena;
    for (int pkce = 0; pkce < 2; pkce++) {
        const char *given =
            stored_form(realm, arena, official_hash(arena, address, code, pkce));
        if (token_by_code(tx, kind, given, user_id)) {
            return true;
        }
    }
    return false;
}

void change_code_failed(struct tx *tx, enum token_kind kind, const char *address)
{
    struct uuid ids[CHANGES_MAX];
    int n = tokens_sent_to(tx, kind, address, ids, CHANGES_MAX);
    for (int i = 0; i < n; i++) {
        count_wrong(tx, &ids[i], kind);
    }
}

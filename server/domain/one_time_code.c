/* one_time_code.c: making and checking one-time codes, see one_time_code.h. */
#include "domain/one_time_code.h"

#include "base/draws.h"
#include "crypto/ct_equal.h"
#include "store/change_links.h"
#include "domain/request.h"

#include <string.h>

/* A link's token: random, then a keyed hash of that, by which our own ones are told from those of
 * the official server, which are as long. */
enum { LINK_RANDOM = 24, LINK_MARK = 4, LINK_BYTES = LINK_RANDOM + LINK_MARK, CODE_MAX = 16 };
_Static_assert((int)LINK_BYTES == (int)SHA224_SIZE, "both forms are equally long");

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

static const char *random_code(struct ctx *ctx, const char *name, int length)
{
    char *digits = arena_alloc(ctx->arena, CODE_MAX);
    struct entropy *entropy = ctx_draw(ctx, name);
    for (int i = 0; i < length && i < CODE_MAX - 1; i++) {
        digits[i] = (char)('0' + entropy_below(entropy, 10));
    }
    return digits;
}

static void mark_of(const struct realm *realm, const uint8_t random[LINK_RANDOM],
                    uint8_t mac[SHA256_SIZE])
{
    static const char purpose[] = "link token";
    uint8_t text[sizeof purpose + LINK_RANDOM];
    memcpy(text, purpose, sizeof purpose);
    memcpy(text + sizeof purpose, random, LINK_RANDOM);
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, sizeof text, mac);
}

static const char *random_link(const struct realm *realm, struct ctx *ctx, const char *name,
                               bool pkce)
{
    uint8_t bytes[LINK_RANDOM + SHA256_SIZE];
    char hex[2 * LINK_BYTES + 1];
    entropy_bytes(ctx_draw(ctx, name), bytes, LINK_RANDOM);
    mark_of(realm, bytes, bytes + LINK_RANDOM);
    return arena_printf(ctx->arena, "%s%s", pkce ? "pkce_" : "",
                        hex_encode(bytes, LINK_BYTES, hex));
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum link_form { LINK_NONE, LINK_OURS, LINK_OFFICIAL };

static enum link_form form_of(const struct realm *realm, const char *token)
{
    uint8_t bytes[LINK_BYTES], mac[SHA256_SIZE];
    const char *hex = strncmp(token, "pkce_", 5) == 0 ? token + 5 : token;
    if (strlen(hex) != 2 * LINK_BYTES) {
        return LINK_NONE;
    }
    for (int i = 0; i < LINK_BYTES; i++) {
        int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return LINK_NONE;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    mark_of(realm, bytes, mac);
    return ct_equal(bytes + LINK_RANDOM, mac, LINK_MARK) ? LINK_OURS : LINK_OFFICIAL;
}

/* Of a change the link is kept by a hash that needs no key, as it is random itself. */
static const char *change_link_hash(struct arena *arena, const char *token)
{
    uint8_t hash[SHA256_SIZE];
    digest_of(DIGEST_SHA256, token, strlen(token), hash);
    return hex_encode(hash, sizeof hash, arena_alloc(arena, 2 * SHA256_SIZE + 1));
}

void code_make(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, bool pkce, int length, const char *code,
               struct one_time_code *out)
{
    struct arena *arena = tx->ctx->arena;
    /* by the address alone: in another run of the request it may be for another kind of code */
    out->code =
        code ? code : random_code(tx->ctx, arena_printf(arena, "code to %s", address), length);
    out->link_token = random_link(realm, tx->ctx, arena_printf(arena, "link to %s", address), pkce);
    const char *code_hash =
        stored_form(realm, arena, official_hash(arena, address, out->code, pkce));
    if (token_is_change(kind)) {
        struct uuid id = token_put(tx, user_id, kind, code_hash, code_hash, address);
        change_link_put(tx, &id, change_link_hash(arena, out->link_token));
    } else { /* of SMS and nonces too: what nobody was sent is no way in */
        token_put(tx, user_id, kind, code_hash, stored_form(realm, arena, out->link_token),
                  address);
    }
}

static bool is_code(const struct realm *realm, struct arena *arena, const char *live,
                    const char *address, const char *code)
{
    bool fits = false;
    for (int pkce = 0; pkce < 2; pkce++) {
        const char *given = stored_form(realm, arena, official_hash(arena, address, code, pkce));
        fits = (*live && ct_equal_text(live, given)) || fits;
    }
    return fits;
}

bool code_fits_one(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                   const struct code_kinds *kinds, const char *address, const char *code,
                   enum token_kind *out)
{
    bool fits = false;
    for (int i = 0; i < kinds->n && !fits; i++) {
        const char *live = token_code_hash(tx, user_id, kinds->list[i]);
        fits = is_code(realm, tx->ctx->arena, live, address, code);
        *out = fits ? kinds->list[i] : *out;
    }
    return fits;
}

bool code_fits(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
               enum token_kind kind, const char *address, const char *code)
{
    struct code_kinds kinds = { .list = { kind }, .n = 1 };
    return code_fits_one(realm, tx, user_id, &kinds, address, code, &kind);
}

bool code_fits_elsewhere(struct tx *tx, const char *phone, const char *code)
{
    struct asked_code *asked = &request_of(tx->ctx)->asked;
    bool same =
        asked->answered && strcmp(asked->phone, phone) == 0 && strcmp(asked->code, code) == 0;
    if (!same) {
        *asked = (struct asked_code){ .phone = phone, .code = code };
    }
    return same ? asked->right
                : request_of(tx->ctx)->asks_sms; /* where nobody will ask, no code is right */
}

static bool find_in_tokens(struct tx *tx, const struct code_kinds *kinds, const char *stored,
                           enum token_kind *out, struct uuid *user_id)
{
    for (int i = 0; i < kinds->n; i++) {
        if (token_by_link(tx, kinds->list[i], stored, user_id)) {
            *out = kinds->list[i];
            return true;
        }
    }
    return false;
}

/* Links of the official server on the same database: as good as the code beside them, so the wrong
 * ones are counted, all together. */
static bool find_official(const struct realm *realm, struct tx *tx, const struct code_kinds *kinds,
                          const char *token, enum token_kind *out, struct uuid *user_id)
{
    struct code_guard guard = code_guard_of_links(realm, tx);
    if (!realm->config->codes.official_link_guesses || code_guard_spent(tx->ctx, &guard)) {
        return false;
    }
    if (find_in_tokens(tx, kinds, token, out, user_id)) {
        return true;
    }
    guard.row = code_guard_hold(tx, guard.key);
    code_guard_wrong(tx, &guard, 0);
    return false;
}

bool link_find(const struct realm *realm, struct tx *tx, const struct code_kinds *kinds,
               const char *token, enum token_kind *out, struct uuid *user_id)
{
    struct arena *arena = tx->ctx->arena;
    for (int i = 0; i < kinds->n; i++) {
        if (token_is_change(kinds->list[i]) &&
            change_link_find(tx, kinds->list[i], change_link_hash(arena, token), user_id)) {
            *out = kinds->list[i];
            return true;
        }
    }
    enum link_form form = form_of(realm, token);
    if (realm->official_tokens && form == LINK_OFFICIAL) {
        return find_official(realm, tx, kinds, token, out, user_id);
    }
    return form != LINK_NONE &&
           find_in_tokens(tx, kinds, stored_form(realm, arena, token), out, user_id);
}

bool change_code_find(const struct realm *realm, struct tx *tx, enum token_kind kind,
                      const char *address, const char *code, struct uuid *user_id)
{
    const char *given[2];
    for (int pkce = 0; pkce < 2; pkce++) {
        given[pkce] =
            stored_form(realm, tx->ctx->arena, official_hash(tx->ctx->arena, address, code, pkce));
    }
    return token_by_code(tx, kind, address, given[0], given[1], user_id);
}

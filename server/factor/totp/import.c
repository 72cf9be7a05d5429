/* import.c: see import.h. */
#include "factor/totp/import.h"

#include "base/key_map.h"
#include "base/log.h"
#include "crypto/base32.h"
#include "crypto/digest.h"
#include "domain/address.h"
#include "domain/audit_event.h"
#include "domain/factor.h"
#include "domain/first_factor.h"
#include "factor/methods.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_CHARS = 255, AHEAD = 5 /* of PG_ANSWERS, two a row */ };

struct kept {
    struct uuid user_id;
    struct totp_kind kind;
    char *name;
    uint8_t *secret;
    size_t secret_len;
    bool first; /* of its user's */
};

struct factor_import {
    const struct realm *realm;
    struct kept *rows;
    size_t n, room;
    struct key_map secrets, names; /* of the file's rows; names with their user */
    struct key_map users;          /* rows of each user */
};

struct factor_import *factor_import_new(const struct realm *realm)
{
    struct factor_import *import = calloc(1, sizeof *import);
    if (!import) {
        log_die("out of memory");
    }
    import->realm = realm;
    return import;
}

void factor_import_free(struct factor_import **import)
{
    struct factor_import *f = *import;
    if (!f) {
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        explicit_bzero(f->rows[i].secret, f->rows[i].secret_len);
        free(f->rows[i].secret);
        free(f->rows[i].name);
    }
    free(f->rows);
    key_map_free(&f->secrets);
    key_map_free(&f->names);
    key_map_free(&f->users);
    free(f);
    *import = NULL;
}

/* --- looking at rows --- */

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

/* The user's verified factors, of which the import speaks: unverified ones make room. */
static int verified_of(struct tx *tx, const struct uuid *user_id, struct factor **out)
{
    int n = factors_of(tx, user_id, out), verified = 0;
    for (int i = 0; i < n; i++) {
        if (factor_is_verified(&(*out)[i])) {
            (*out)[verified++] = (*out)[i];
        }
    }
    return verified;
}

static const char *find_user(const struct factor_import *f, struct tx *tx,
                             const struct import_row *row, struct user *out)
{
    const char *aud = f->realm->config->jwt.aud;
    struct arena *arena = tx->ctx->arena;
    struct uuid id;
    bool named = row->user_id || row->email || row->phone;
    if (row->user_id && !uuid_parse(row->user_id, &id)) {
        return "the user's id is no UUID";
    }
    bool found = (row->user_id && user_by_id(tx, &id, out)) ||
                 (row->email && user_by_email(tx, aud, email_as_stored(arena, row->email), out)) ||
                 (row->phone && user_by_phone(tx, aud, phone_as_stored(arena, row->phone), out));
    return !named              ? "it does not say whose it is"
           : !found            ? "there is no such user"
           : out->deleted_at   ? "the user is deleted"
           : out->is_anonymous ? "the user is anonymous, and can have no factors"
                               : NULL;
}

/* A key of 16 bytes for a secret, or for a name and its user. */
static void key_of(const struct uuid *user, const void *bytes, size_t len, uint8_t out[SHA256_SIZE])
{
    hmac_of(DIGEST_SHA256, user->bytes, sizeof user->bytes, bytes, len, out);
}

static bool is_taken(struct factor_import *f, const struct uuid *user, const struct factor *list,
                     int n, const char *name)
{
    uint8_t key[SHA256_SIZE];
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].friendly_name, name) == 0) {
            return true;
        }
    }
    key_of(user, name, strlen(name), key);
    return key_map_get(&f->names, key) != 0;
}

/* The name of a factor that came without one. */
static const char *free_name(struct factor_import *f, struct arena *arena, const struct uuid *user,
                             const struct factor *list, int n)
{
    const char *name = "Imported";
    for (int i = 2; is_taken(f, user, list, n, name); i++) {
        name = arena_printf(arena, "Imported %d", i);
    }
    return name;
}

/* Is it a secret of the user's already? One that cannot be opened is none that anybody knows. */
static bool is_enrolled(const struct factor_import *f, struct arena *arena,
                        const struct factor *list, int n, const struct import_row *row)
{
    for (int i = 0; i < n; i++) {
        uint8_t *bytes;
        size_t len;
        const char *text = strcmp(list[i].type, TOTP_TYPE) == 0
                               ? vault_open(f->realm->vault, arena, &list[i].id, list[i].secret)
                               : NULL;
        if (text && base32_decode(arena, text, &bytes, &len) && len == row->secret_len &&
            memcmp(bytes, row->secret, len) == 0) {
            return true;
        }
    }
    return false;
}

static const char *look(struct factor_import *f, struct arena *arena, const struct user *user,
                        const struct import_row *row, const struct factor *list, int n,
                        struct import_found *out)
{
    const struct config *config = f->realm->config;
    uint8_t key[SHA256_SIZE];
    int more = (int)key_map_get(&f->users, user->id.bytes);
    key_of(&uuid_nil, row->secret, row->secret_len, key);
    uint32_t before = key_map_get(&f->secrets, key);
    out->there = before ? uuid_equal(&f->rows[before - 1].user_id, &user->id)
                        : is_enrolled(f, arena, list, n, row);
    if (before && !out->there) {
        return "its secret stands in the file before, as another user's";
    }
    if (out->there) {
        out->name = row->friendly_name ? row->friendly_name : "";
        return NULL;
    }
    if (n + more >= config->mfa.max_factors || n + more >= config->mfa.max_verified) {
        return "the user would have more factors than are allowed";
    }
    out->name = row->friendly_name ? row->friendly_name : free_name(f, arena, &user->id, list, n);
    if (characters(out->name) > NAME_MAX_CHARS) {
        return "its name is longer than 255 characters";
    }
    return is_taken(f, &user->id, list, n, out->name)
               ? "the user has, or the file gives the user, another factor of this name"
               : NULL;
}

static void *copy_of(const void *bytes, size_t len)
{
    void *copy = malloc(len);
    if (!copy) {
        log_die("out of memory");
    }
    return memcpy(copy, bytes, len);
}

static void remember(struct factor_import *f, const struct uuid *user, const struct import_row *row,
                     const char *name)
{
    uint8_t key[SHA256_SIZE];
    if (f->n == f->room) {
        f->room = f->room ? f->room * 2 : 1024;
        f->rows = reallocarray(f->rows, f->room, sizeof *f->rows);
        if (!f->rows) {
            log_die("out of memory");
        }
    }
    uint32_t count = key_map_get(&f->users, user->bytes);
    f->rows[f->n++] = (struct kept){
        .user_id = *user,
        .kind = row->kind,
        .name = copy_of(name, strlen(name) + 1),
        .secret = copy_of(row->secret, row->secret_len),
        .secret_len = row->secret_len,
        .first = !count,
    };
    key_map_put(&f->users, user->bytes, count + 1);
    key_of(&uuid_nil, row->secret, row->secret_len, key);
    key_map_put(&f->secrets, key, (uint32_t)f->n);
    key_of(user, name, strlen(name), key);
    key_map_put(&f->names, key, 1);
}

void factor_import_add(struct factor_import *f, struct tx *tx, const struct import_row *row,
                       struct import_found *out)
{
    struct user user;
    struct factor *list;
    struct arena *arena = tx->ctx->arena;
    char id[UUID_TEXT];
    const char *said = row->email ? row->email : row->phone ? row->phone : row->user_id;
    *out = (struct import_found){ .user = said ? arena_strdup(arena, said) : "", .name = "" };
    out->wrong = find_user(f, tx, row, &user);
    if (out->wrong) {
        return;
    }
    out->user = user.email   ? user.email
                : user.phone ? user.phone
                             : arena_strdup(arena, uuid_format(&user.id, id));
    int n = verified_of(tx, &user.id, &list);
    out->wrong = look(f, arena, &user, row, list, n, out);
    if (!out->wrong && !out->there && tx->status == DB_OK) {
        remember(f, &user.id, row, out->name);
    }
}

/* --- writing --- */

static void row_prefetch(struct tx *tx, const struct kept *row)
{
    user_prefetch(tx, &row->user_id);
    if (row->first) {
        factors_prefetch(tx, &row->user_id);
    }
}

/* What may have changed since the row was looked at. */
static const char *look_again(struct factor_import *f, struct tx *tx, const struct kept *row,
                              struct user *user)
{
    uint8_t key[SHA256_SIZE];
    struct factor *list;
    if (!user_by_id(tx, &row->user_id, user) || user->deleted_at) {
        return "a user was deleted meanwhile";
    }
    if (!row->first) {
        return NULL;
    }
    const struct config *config = f->realm->config;
    int n = verified_of(tx, &row->user_id, &list);
    int more = (int)key_map_get(&f->users, row->user_id.bytes);
    bool taken = false;
    for (int i = 0; i < n; i++) {
        key_of(&row->user_id, list[i].friendly_name, strlen(list[i].friendly_name), key);
        taken = taken || key_map_get(&f->names, key);
    }
    if (taken || n + more > config->mfa.max_factors || n + more > config->mfa.max_verified) {
        return "a user has enrolled another factor meanwhile";
    }
    if (n == 0) { /* the import brings the first one */
        first_factor_voids(tx, user);
    } else {
        factors_delete_unverified(tx, &row->user_id, NULL);
    }
    return NULL;
}

static void write_row(const struct factor_import *f, struct tx *tx, const struct kept *row,
                      const struct user *user)
{
    struct ctx *ctx = tx->ctx;
    struct factor factor = {
        .id = uuid_v4(ctx->entropy),
        .user_id = row->user_id,
        .friendly_name = row->name,
        .type = TOTP_TYPE,
        .status = "verified",
        .created_at = ctx->now_us,
    };
    factor.secret = vault_seal(f->realm->vault, ctx->arena, ctx->entropy, &factor.id,
                               base32_encode(ctx->arena, row->secret, row->secret_len));
    factor_insert(tx, &factor);
    if (!totp_kind_equal(&row->kind, &totp_default)) {
        totp_device_put(tx, &factor.id, &(struct totp_device){ .kind = row->kind });
    }
    char id[UUID_TEXT];
    audit_by_user(
        f->realm, tx, user, AUDIT_FACTOR_IMPORTED, NULL,
        TRAITS({ "factor_id", uuid_format(&factor.id, id) }, { "factor_type", factor.type }));
}

/* A few rows: what they need is asked for at once, as each wait for PostgreSQL costs more. */
static const char *write_some(struct factor_import *f, struct tx *tx, const struct kept *rows,
                              size_t n)
{
    struct user users[AHEAD];
    for (size_t i = 0; i < n; i++) {
        row_prefetch(tx, &rows[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const char *wrong = look_again(f, tx, &rows[i], &users[i]);
        if (wrong) {
            return wrong;
        }
    }
    for (size_t i = 0; i < n; i++) {
        write_row(f, tx, &rows[i], &users[i]);
    }
    return NULL;
}

enum problem factor_import_write(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct import_write *w = arg;
    struct factor_import *f = w->import;
    ctx->lasting = ctx->arena;
    w->wrong = NULL;
    for (size_t at = 0; at < f->n && !w->wrong && tx->status == DB_OK; at += AHEAD) {
        size_t n = f->n - at < AHEAD ? f->n - at : AHEAD;
        ctx->arena = arena_new(); /* what a few rows need is gone after them */
        w->wrong = write_some(f, tx, f->rows + at, n);
        arena_free(&ctx->arena);
        if (w->progress) {
            w->progress(w->progress_arg, (int64_t)(at + n), (int64_t)f->n);
        }
    }
    ctx->arena = ctx->lasting;
    return w->wrong ? P_IMPORT_STALE : P_OK;
}

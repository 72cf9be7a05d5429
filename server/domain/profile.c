/* profile.c: identities and the metadata that mirrors them, see profile.h. */
#include "domain/profile.h"

#include "base/draws.h"

#include <string.h>

enum {
    DATA_MAX = 4 << 20,
    /* Of both metadata together. They stand in each access token, which comes back in a header of
     * 64 KiB at most: 40 KiB make 54 in base64 and leave room for what else a header holds. */
    METADATA_MAX = 40 << 10,
    METADATA_DEPTH = 100,
};

static void member(struct strbuf *b, const char *name, const char *value)
{
    json_quote(b, name);
    strbuf_char(b, ':');
    if (value) {
        json_quote(b, value);
    } else {
        strbuf_str(b, "null"); /* deletes the key in json_merged */
    }
}

static bool deeper_than(const struct json_t *value, int levels)
{
    const struct json_t *inner;
    const char *key;
    if (json_kind_of(value) == KIND_ARRAY) {
        for (size_t i = 0; i < json_count(value); i++) {
            if (!levels || deeper_than(json_nth(value, i), levels - 1)) {
                return true;
            }
        }
    } else if (json_kind_of(value) == KIND_OBJECT) {
        for (void *at = NULL; json_each(value, &at, &key, &inner);) {
            if (!levels || deeper_than(inner, levels - 1)) {
                return true;
            }
        }
    }
    return false;
}

/* What is too long already may still become shorter. */
static enum problem merge(struct ctx *ctx, const char *field, const char **stored,
                          const char *beside, const struct json_t *patch)
{
    if (!patch) {
        return P_OK;
    }
    if (deeper_than(patch, METADATA_DEPTH)) {
        return ctx_fail(ctx, P_TEXT_TOO_LONG,
                        arena_printf(ctx->arena, "%s cannot be nested more than %d deep", field,
                                     METADATA_DEPTH));
    }
    const char *merged = json_merged(ctx->arena, *stored, patch);
    size_t len = strlen(merged);
    if (len + strlen(beside) > METADATA_MAX && len > strlen(*stored)) {
        return ctx_fail(ctx, P_TEXT_TOO_LONG,
                        arena_printf(ctx->arena,
                                     "%s is too large: a user's metadata cannot be longer than "
                                     "%d bytes of JSON",
                                     field, METADATA_MAX));
    }
    *stored = merged;
    return P_OK;
}

enum problem metadata_check(struct ctx *ctx, const char *field, const struct json_t *data)
{
    const char *text = "{}";
    return merge(ctx, field, &text, "", data);
}

enum problem user_metadata_merge(struct ctx *ctx, struct user *user, const char *field,
                                 const struct json_t *patch)
{
    return merge(ctx, field, &user->user_metadata, user->app_metadata, patch);
}

enum problem app_metadata_merge(struct ctx *ctx, struct user *user, const char *field,
                                const struct json_t *patch)
{
    return merge(ctx, field, &user->app_metadata, user->user_metadata, patch);
}

const char *identity_data_of(struct arena *arena, const struct uuid *user_id, const char *email,
                             const char *phone, const struct json_t *data)
{
    char id[UUID_TEXT];
    const char *detail;
    struct strbuf b = strbuf_in(arena, DATA_MAX);
    strbuf_char(&b, '{');
    member(&b, "sub", uuid_format(user_id, id));
    strbuf_char(&b, ',');
    member(&b, "email", email);
    strbuf_char(&b, ',');
    member(&b, "phone", phone);
    strbuf_str(&b, ",\"email_verified\":false,\"phone_verified\":false}");
    return json_merged(arena, json_merged(arena, "{}", data),
                       json_read(arena, b.data, b.len, &detail));
}

void identity_add(struct tx *tx, const struct user *user, const char *provider, const char *data)
{
    char id[UUID_TEXT];
    struct identity identity = {
        .id = uuid_v4(ctx_draw(tx->ctx, provider)),
        .user_id = user->id,
        .provider = provider,
        .provider_id = uuid_format(&user->id, id),
        .data = data,
        .last_sign_in_at = tx->ctx->now_us,
        .created_at = tx->ctx->now_us,
        .updated_at = tx->ctx->now_us,
    };
    identity_insert(tx, &identity);
}

bool identity_set_address(struct tx *tx, const struct user *user, const char *provider,
                          const char *address, bool verified)
{
    struct arena *arena = tx->ctx->arena;
    bool email = strcmp(provider, "email") == 0;
    struct strbuf b = strbuf_in(arena, DATA_MAX);
    const char *detail;
    strbuf_char(&b, '{');
    member(&b, provider, address);
    strbuf_printf(&b, ",\"%s_verified\":%s}", provider, verified ? "true" : "false");
    const struct json_t *patch = json_read(arena, b.data, b.len, &detail);
    struct identity *list;
    int n = identities_of(tx, &user->id, &list);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].provider, provider) == 0) {
            list[i].data = json_merged(arena, list[i].data, patch);
            identity_save(tx, &list[i]);
            return false;
        }
    }
    const char *fresh =
        identity_data_of(arena, &user->id, email ? address : NULL, email ? NULL : address, NULL);
    identity_add(tx, user, provider, json_merged(arena, fresh, patch));
    return true;
}

static bool listed_before(const struct identity *list, int n, const char *provider)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].provider, provider) == 0) {
            return true;
        }
    }
    return false;
}

void providers_recompute(struct tx *tx, struct user *user)
{
    struct arena *arena = tx->ctx->arena;
    struct identity *list;
    int n = identities_of(tx, &user->id, &list);
    struct strbuf b = strbuf_in(arena, DATA_MAX);
    const char *detail;
    strbuf_char(&b, '{');
    if (n) {
        member(&b, "provider", list[0].provider);
        strbuf_char(&b, ',');
    }
    strbuf_str(&b, "\"providers\":[");
    for (int i = 0; i < n; i++) {
        if (!listed_before(list, i, list[i].provider)) {
            strbuf_str(&b, i ? "," : "");
            json_quote(&b, list[i].provider);
        }
    }
    strbuf_str(&b, "]}");
    user->app_metadata =
        json_merged(arena, user->app_metadata, json_read(arena, b.data, b.len, &detail));
}

/* ceremony.c: WebAuthn §7.1 step 1 and §7.2 step 1, and the challenge kept between the two
 * requests (internals.md §6.5). */
#include "factor/webauthn/ceremony.h"

#include "crypto/base64.h"

#include <string.h>

static const int algorithms[] = { ALG_ES256, ALG_RS256, ALG_EDDSA };

struct blob user_handle(struct arena *arena, const struct uuid *user_id)
{
    char *text = arena_alloc(arena, UUID_TEXT);
    uuid_format(user_id, text);
    return (struct blob){ (const uint8_t *)text, UUID_TEXT - 1 };
}

static const char *new_challenge(struct ctx *ctx)
{
    uint8_t bytes[CHALLENGE_BYTES];
    entropy_bytes(ctx->entropy, bytes, sizeof bytes);
    return base64url_encode(ctx->arena, bytes, sizeof bytes);
}

/* An authenticator shows it. */
static const char *account_name(const struct user *user, const char *id)
{
    return user->email && *user->email   ? user->email
           : user->phone && *user->phone ? user->phone
                                         : id;
}

static void put_algorithms(struct strbuf *b, const char *name)
{
    strbuf_printf(b, "\"%s\":[", name);
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        strbuf_printf(b, "%s{\"type\":\"public-key\",\"alg\":%d}", i ? "," : "", algorithms[i]);
    }
    strbuf_char(b, ']');
}

static void put_keys(struct strbuf *b, const char *name, const struct credential_list *known)
{
    strbuf_printf(b, "\"%s\":[", name);
    for (int i = 0; i < known->count; i++) {
        const struct credential *c = &known->items[i];
        strbuf_printf(b, "%s{\"type\":\"public-key\",\"id\":\"%s\"", i ? "," : "",
                      base64url_encode(b->arena, c->id.bytes, c->id.len));
        if (json_count(c->transports)) {
            strbuf_str(b, ",\"transports\":");
            json_write(b, c->transports);
        }
        strbuf_char(b, '}');
    }
    strbuf_char(b, ']');
}

/* The column up to what differs. */
static void keep(struct strbuf *b, const struct realm *realm, const char *challenge,
                 struct blob handle)
{
    strbuf_printf(b, "{\"challenge\":\"%s\",\"rpId\":", challenge);
    json_quote(b, realm->config->webauthn.rp_id);
    strbuf_printf(b,
                  ",\"user_id\":\"%s\",\"expires\":\"0001-01-01T00:00:00Z\","
                  "\"userVerification\":\"\",",
                  base64_encode(b->arena, handle.bytes, handle.len));
}

static void put_timeout(struct strbuf *b, const struct realm *realm)
{
    strbuf_str(b, ",\"timeout\":");
    strbuf_int(b, (int64_t)realm->config->mfa.challenge_ttl_s * 1000);
}

const char *creation_options(const struct realm *realm, struct ctx *ctx, const struct user *user,
                             const struct credential_list *known, const char **kept)
{
    struct strbuf b = strbuf_in(ctx->arena, OPTIONS_MAX), k = strbuf_in(ctx->arena, OPTIONS_MAX);
    const char *challenge = new_challenge(ctx);
    struct blob handle = user_handle(ctx->arena, &user->id);
    const char *account = account_name(user, (const char *)handle.bytes);
    strbuf_str(&b, "{\"type\":\"create\",\"credential_options\":{\"publicKey\":{\"rp\":{\"name\":");
    json_quote(&b, realm->config->webauthn.rp_name);
    strbuf_str(&b, ",\"id\":");
    json_quote(&b, realm->config->webauthn.rp_id);
    strbuf_str(&b, "},\"user\":{\"name\":");
    json_quote(&b, account);
    strbuf_str(&b, ",\"displayName\":");
    json_quote(&b, account);
    strbuf_printf(&b, ",\"id\":\"%s\"},\"challenge\":\"%s\",",
                  base64url_encode(ctx->arena, handle.bytes, handle.len), challenge);
    put_algorithms(&b, "pubKeyCredParams");
    put_timeout(&b, realm);
    if (known->count) {
        strbuf_char(&b, ',');
        put_keys(&b, "excludeCredentials", known);
    }
    /* mfa.md 2.5: without attestation the official helper asks for "direct"; clients that
     * read options strictly want the members whose defaults WebAuthn gives */
    strbuf_str(&b, ",\"authenticatorSelection\":{\"requireResidentKey\":false,"
                   "\"userVerification\":\"preferred\"},\"attestation\":\"none\"}}}");
    keep(&k, realm, challenge, handle);
    put_algorithms(&k, "credParams");
    strbuf_char(&k, '}');
    *kept = strbuf_ok(&k) ? k.data : NULL;
    return strbuf_ok(&b) ? b.data : NULL;
}

const char *request_options(const struct realm *realm, struct ctx *ctx, const struct user *user,
                            const struct credential_list *known, const char **kept)
{
    struct strbuf b = strbuf_in(ctx->arena, OPTIONS_MAX), k = strbuf_in(ctx->arena, OPTIONS_MAX);
    const char *challenge = new_challenge(ctx);
    strbuf_printf(&b,
                  "{\"type\":\"request\",\"credential_options\":{\"publicKey\":{"
                  "\"challenge\":\"%s\"",
                  challenge);
    put_timeout(&b, realm);
    strbuf_str(&b, ",\"rpId\":");
    json_quote(&b, realm->config->webauthn.rp_id);
    strbuf_char(&b, ',');
    put_keys(&b, "allowCredentials", known);
    strbuf_str(&b, ",\"userVerification\":\"preferred\"}}}");
    keep(&k, realm, challenge, user_handle(ctx->arena, &user->id));
    strbuf_str(&k, "\"allowed_credentials\":[");
    for (int i = 0; i < known->count; i++) {
        strbuf_printf(&k, "%s\"%s\"", i ? "," : "",
                      credential_id_text(ctx->arena, known->items[i].id));
    }
    strbuf_str(&k, "]}");
    *kept = strbuf_ok(&k) ? k.data : NULL;
    return strbuf_ok(&b) ? b.data : NULL;
}

bool ceremony_read(struct arena *arena, const char *kept, const struct uuid *user_id,
                   struct ceremony *out)
{
    const char *detail;
    const struct json_t *json = kept ? json_read(arena, kept, strlen(kept), &detail) : NULL;
    const char *handle = json_member_text(json, "user_id");
    struct blob wanted = user_handle(arena, user_id);
    *out = (struct ceremony){
        .challenge = json_member_text(json, "challenge"),
        .algorithms = json_member(json, "credParams"),
        .allowed = json_member(json, "allowed_credentials"),
    };
    return out->challenge && handle &&
           strcmp(handle, base64_encode(arena, wanted.bytes, wanted.len)) == 0 &&
           !out->algorithms != !out->allowed;
}

bool ceremony_accepts(const struct ceremony *ceremony, int64_t alg)
{
    for (size_t i = 0; i < json_count(ceremony->algorithms); i++) {
        int64_t asked;
        if (json_int(json_member(json_nth(ceremony->algorithms, i), "alg"), &asked) &&
            asked == alg) {
            return true;
        }
    }
    return false;
}

bool ceremony_allows(struct arena *arena, const struct ceremony *ceremony, struct blob id)
{
    const char *wanted = credential_id_text(arena, id);
    for (size_t i = 0; i < json_count(ceremony->allowed); i++) {
        const char *text = json_text(json_nth(ceremony->allowed, i));
        if (text && strcmp(text, wanted) == 0) {
            return true;
        }
    }
    return false;
}

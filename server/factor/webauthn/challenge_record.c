/* challenge_record.c: the column last_webauthn_challenge_data: the challenge and the answer to it,
 * taken apart, in the official server's form (internals.md §6.5). Nothing reads it back;
 * clients see it in the factor. */
#include "base/rfc3339.h"
#include "crypto/base64.h"
#include "factor/webauthn/credential.h"

#include <string.h>

enum { RECORD_MAX = 1 << 18 };

static void text(struct strbuf *b, const char *name, const char *value)
{
    strbuf_printf(b, "\"%s\":", name);
    json_quote(b, value);
}

/* Standard base64: how the official server's language writes bytes. */
static void bytes(struct strbuf *b, const char *name, struct blob value)
{
    strbuf_printf(b, "\"%s\":", name);
    strbuf_printf(b, value.bytes ? "\"%s\"" : "null",
                  value.bytes ? base64_encode(b->arena, value.bytes, value.len) : "");
}

/* As browsers write them. */
static void url_bytes(struct strbuf *b, const char *name, struct blob value)
{
    text(b, name, base64url_encode(b->arena, value.bytes, value.len));
}

static void put_challenge(struct strbuf *b, const struct factor_check *check)
{
    const struct challenge *c = check->challenge;
    char id[UUID_TEXT], when[RFC3339_TEXT];
    strbuf_str(b, "\"challenge\":{");
    text(b, "challenge_id", uuid_format(&c->id, id));
    strbuf_char(b, ',');
    text(b, "factor_id", uuid_format(&c->factor_id, id));
    strbuf_char(b, ',');
    text(b, "created_at", rfc3339_format(c->created_at, when));
    strbuf_char(b, ',');
    text(b, "ip_address", c->ip ? c->ip : "");
    strbuf_str(b, ",\"web_authn_session_data\":");
    strbuf_str(b, c->webauthn_data);
    strbuf_char(b, '}');
}

static void put_data(struct strbuf *b, const struct authenticator_data *d)
{
    strbuf_char(b, '{');
    bytes(b, "rpid", (struct blob){ d->rp_id_hash, RP_ID_HASH });
    strbuf_printf(b, ",\"flags\":%u,\"sign_count\":%u,\"att_data\":{", d->flags, d->sign_count);
    bytes(b, "aaguid", (struct blob){ d->aaguid, AAGUID });
    strbuf_char(b, ',');
    bytes(b, "credential_id", d->credential_id);
    strbuf_char(b, ',');
    bytes(b, "public_key", d->key_text);
    strbuf_str(b, "},");
    bytes(b, "ext_data", d->extensions);
    strbuf_char(b, '}');
}

static void put_statement(struct strbuf *b, const struct statement *s)
{
    struct cursor c = s->certificates;
    struct item item;
    strbuf_str(b, ",\"attStmt\":{\"alg\":");
    strbuf_int(b, s->alg);
    strbuf_char(b, ',');
    bytes(b, "sig", s->signature);
    for (int64_t i = 0; i < s->n_certificates && cursor_next(&c, &item); i++) {
        strbuf_str(b, i ? "," : ",\"x5c\":[");
        strbuf_printf(b, "\"%s\"", base64_encode(b->arena, item.bytes, item.len));
    }
    strbuf_str(b, s->n_certificates ? "]}" : "}");
}

static void put_response(struct strbuf *b, const struct answer *a)
{
    strbuf_str(b, ",\"Response\":{\"CollectedClientData\":");
    json_write(b, a->client.json);
    if (!a->creates) {
        strbuf_str(b, ",\"AuthenticatorData\":");
        put_data(b, &a->data);
        strbuf_char(b, ',');
        bytes(b, "Signature", a->signature);
        strbuf_char(b, ',');
        bytes(b, "UserHandle", a->user_handle);
        strbuf_char(b, '}');
        return;
    }
    strbuf_str(b, ",\"AttestationObject\":{\"AuthData\":");
    put_data(b, &a->data);
    strbuf_char(b, ',');
    bytes(b, "authData", a->data.all);
    strbuf_char(b, ',');
    text(b, "fmt", a->format);
    if (a->statement.pairs) {
        put_statement(b, &a->statement);
    }
    strbuf_str(b, "},\"Transports\":");
    for (int i = 0; i < a->transports.count; i++) {
        strbuf_char(b, i ? ',' : '[');
        json_quote(b, a->transports.items[i]);
    }
    strbuf_str(b, a->transports.count ? "]}" : "null}");
}

static void put_raw(struct strbuf *b, const struct answer *a)
{
    strbuf_str(b, ",\"Raw\":{");
    text(b, "id", a->id);
    strbuf_str(b, ",\"type\":\"public-key\",");
    url_bytes(b, "rawId", a->raw_id);
    strbuf_str(b, ",\"response\":{");
    url_bytes(b, "clientDataJSON", a->client.text);
    strbuf_char(b, ',');
    if (a->creates) {
        url_bytes(b, "attestationObject", a->object);
    } else {
        url_bytes(b, "authenticatorData", a->data.all);
        strbuf_char(b, ',');
        url_bytes(b, "signature", a->signature);
        if (a->user_handle.bytes) {
            strbuf_char(b, ',');
            url_bytes(b, "userHandle", a->user_handle);
        }
    }
    strbuf_str(b, "}}");
}

const char *challenge_record(struct arena *arena, const struct factor_check *check,
                             const struct answer *a)
{
    struct strbuf b = strbuf_in(arena, RECORD_MAX);
    strbuf_char(&b, '{');
    put_challenge(&b, check);
    strbuf_printf(&b, ",\"type\":\"%s\",\"credential_response\":{",
                  a->creates ? "create" : "request");
    text(&b, "ID", a->id);
    strbuf_str(&b, ",\"Type\":\"public-key\",");
    bytes(&b, "rawId", a->raw_id);
    if (json_count(a->extension_results)) {
        strbuf_str(&b, ",\"clientExtensionResults\":");
        json_write(&b, a->extension_results);
    }
    if (*a->attachment) {
        strbuf_char(&b, ',');
        text(&b, "authenticatorAttachment", a->attachment);
    }
    put_response(&b, a);
    put_raw(&b, a);
    strbuf_str(&b, "}}");
    return strbuf_ok(&b) ? b.data : NULL;
}

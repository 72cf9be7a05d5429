/* captcha.c: the siteverify call of both providers, see captcha.h. */
#include "deliver/captcha.h"

#include "base/json.h"
#include "base/strbuf.h"
#include "deliver/http_client.h"

#include <string.h>

enum { FORM_MAX = 64 << 10, ANSWER_MAX = 64 << 10 };
#define BLANKS " \t\r\n"

static void field(struct strbuf *b, const char *name, const char *value)
{
    strbuf_printf(b, "%s%s=", b->len ? "&" : "", name);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     strchr("-._~", (char)c);
        if (plain) {
            strbuf_char(b, (char)c);
        } else {
            strbuf_printf(b, "%%%02X", c);
        }
    }
}

static const char *trimmed(struct arena *arena, const char *text)
{
    text += strspn(text, BLANKS);
    size_t len = strlen(text);
    while (len && strchr(BLANKS, text[len - 1])) {
        len--;
    }
    return arena_strndup(arena, text, len);
}

/* "a, b" of the answer's error-codes. */
static const char *codes_of(struct arena *arena, const struct json_t *answer)
{
    const struct json_t *codes = json_member(answer, "error-codes");
    struct strbuf b = strbuf_in(arena, 4096);
    strbuf_str(&b, "");
    for (size_t i = 0; i < json_count(codes) && i < 16; i++) {
        const char *code = json_text(json_nth(codes, i));
        strbuf_printf(&b, "%s%.64s", b.len ? ", " : "", code ? code : "?");
    }
    return b.data;
}

enum problem captcha_check(const struct config *config, struct ctx *ctx, const char *token,
                           const char *ip)
{
    bool turnstile = strcmp(config->captcha.provider, "turnstile") == 0;
    const char *url = *config->captcha.url ? config->captcha.url
                      : turnstile ? "https://challenges.cloudflare.com/turnstile/v0/siteverify"
                                  : "https://hcaptcha.com/siteverify";
    const char *secret = trimmed(ctx->arena, config->captcha.secret);
    static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded" };
    struct strbuf form = strbuf_in(ctx->arena, FORM_MAX);
    struct http_answer answer;
    token = trimmed(ctx->arena, token ? token : "");
    if (!*token) {
        return P_CAPTCHA_MISSING;
    }
    field(&form, "secret", secret);
    field(&form, "response", token);
    field(&form, "remoteip", ip);
    if (!strbuf_ok(&form)) {
        return ctx_fail(ctx, P_CAPTCHA_FAILED, "invalid-input-response");
    }
    struct http_request request = {
        .url = url,
        .body = form.data,
        .body_len = form.len,
        .headers = headers,
        .n_headers = 1,
        .timeout_us = config->captcha.timeout_us,
        .max_body = ANSWER_MAX,
    };
    const char *detail;
    const struct json_t *root = NULL;
    if (http_call(ctx->arena, &request, &answer) == HTTP_ANSWERED) {
        root = json_read(ctx->arena, answer.body, answer.len, &detail);
    }
    explicit_bzero(form.data, form.len);
    if (json_kind_of(root) != KIND_OBJECT) {
        return P_CAPTCHA_UNREACHABLE;
    }
    return json_truth(json_member(root, "success"))
               ? P_OK
               : ctx_fail(ctx, P_CAPTCHA_FAILED, codes_of(ctx->arena, root));
}

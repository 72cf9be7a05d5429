/* password_rules.c: length and character classes of passwords, see password_rules.h. */
#include "domain/password_rules.h"

#include "base/strbuf.h"
#include "crypto/password.h"
#include "domain/request.h"

#include <string.h>

static bool lacks_a_class(const struct text_list *sets, const char *password)
{
    for (int i = 0; i < sets->count; i++) {
        if (!strpbrk(password, sets->items[i])) {
            return true;
        }
    }
    return false;
}

static void add(struct strbuf *text, const char *sentence)
{
    strbuf_str(text, text->len ? " " : "");
    strbuf_str(text, sentence);
}

unsigned password_weaknesses(const struct realm *realm, struct ctx *ctx, const char *password,
                             const char **message)
{
    const struct config *config = realm->config;
    struct strbuf text = strbuf_in(ctx->arena, 16384);
    unsigned reasons = 0;
    if ((int64_t)strlen(password) < config->passwords.min) {
        reasons |= WEAK_LENGTH;
        strbuf_printf(&text, "Password should be at least %d characters.",
                      (int)config->passwords.min);
    }
    if (lacks_a_class(&config->password_sets, password)) {
        add(&text, "Password should contain at least one character of each: ");
        for (int i = 0; i < config->password_sets.count; i++) {
            strbuf_str(&text, i ? ", " : "");
            strbuf_str(&text, config->password_sets.items[i]);
        }
        strbuf_char(&text, '.');
        reasons |= WEAK_CHARACTERS;
    }
    if (request_of(ctx)->breached) {
        add(&text,
            "Password is known to be weak and easy to guess, please choose a different one.");
        reasons |= WEAK_PWNED;
    }
    *message = text.data ? text.data : "";
    return reasons;
}

enum problem password_ask_breach(const struct realm *realm, struct ctx *ctx, const char *password)
{
    if (!realm->ask_breach || request_of(ctx)->breach_asked || strlen(password) > PASSWORD_MAX) {
        return P_OK;
    }
    request_of(ctx)->breach_of = password;
    return P_BREACH_UNASKED;
}

enum problem password_check(const struct realm *realm, struct ctx *ctx, const char *password)
{
    if (strlen(password) > PASSWORD_MAX) {
        return P_PASSWORD_TOO_LONG;
    }
    const char *message;
    enum problem problem = password_ask_breach(realm, ctx, password);
    if (problem) {
        return problem;
    }
    request_of(ctx)->weak_reasons = password_weaknesses(realm, ctx, password, &message);
    return request_of(ctx)->weak_reasons ? ctx_fail(ctx, P_PASSWORD_WEAK, message) : P_OK;
}

const char *password_at_rest(const struct realm *realm, struct ctx *ctx, const struct uuid *user_id,
                             const char *hash)
{
    enum { COLUMN = 255 }; /* users.encrypted_password of the official server */
    const char *sealed = vault_seal(realm->vault, ctx->arena, ctx->entropy, user_id, hash);
    return realm->config->postgres && strlen(sealed) > COLUMN ? hash : sealed;
}

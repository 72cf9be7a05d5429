/* breach.c: the k-anonymity range query, see breach.h. */
#include "deliver/breach.h"

#include "base/log.h"
#include "crypto/digest.h"
#include "deliver/http_client.h"

#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 1 << 20, PREFIX = 5, TIMEOUT_S = 5 };

/* Lines "SUFFIX:COUNT"; a count of 0 is padding. */
static bool listed(const char *body, const char *suffix)
{
    size_t len = strlen(suffix);
    for (const char *line = body; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, suffix, len) == 0 && line[len] == ':') {
            return line[len + 1] != '0';
        }
    }
    return false;
}

enum problem breach_ask(const struct config *config, struct ctx *ctx, const char *password,
                        bool *found)
{
    uint8_t hash[SHA1_SIZE];
    char hex[2 * SHA1_SIZE + 1];
    struct http_answer answer;
    digest_of(DIGEST_SHA1, password, strlen(password), hash);
    hex_encode(hash, sizeof hash, hex);
    for (char *p = hex; *p; p++) {
        *p = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
    }
    const char *headers[] = {
        arena_printf(ctx->arena, "User-Agent: %s", config->passwords.hibp_user_agent),
        "Add-Padding: true",
    };
    struct http_request request = {
        .url = arena_printf(ctx->arena, "%s/range/%.5s", config->passwords.hibp_url, hex),
        .headers = headers,
        .n_headers = 2,
        .timeout_us = TIMEOUT_S * US_PER_S,
        .max_body = ANSWER_MAX,
    };
    bool answered =
        http_call(ctx->arena, &request, &answer) == HTTP_ANSWERED && answer.status == 200;
    *found = answered && listed(answer.body, hex + PREFIX);
    explicit_bzero(hex, sizeof hex);
    explicit_bzero(hash, sizeof hash);
    if (!answered) {
        log_plain(LOG_WARN, "the service of breached passwords did not answer");
        return config->passwords.hibp_fail_closed ? P_BREACH_UNREACHABLE : P_OK;
    }
    return P_OK;
}

/* sms_http.c: forms to SMS providers and their answers, see sms.h. */
#include "deliver/sms.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

enum { ANSWER_MAX = 65536, WHY_MAX = 300 };

void sms_form(struct strbuf *form, const char *name, const char *value)
{
    strbuf_str(form, form->len ? "&" : "");
    strbuf_printf(form, "%s=", name);
    for (const char *p = value; *p; p++) {
        if (isalnum((unsigned char)*p) || strchr("-._~", *p)) {
            strbuf_char(form, *p);
        } else if (*p == ' ') {
            strbuf_char(form, '+');
        } else {
            strbuf_printf(form, "%%%02X", (unsigned)(unsigned char)*p);
        }
    }
}

const struct json_t *sms_post(const struct config *config, struct arena *arena,
                              const struct sms_request *r, int *status, const char **error)
{
    const char *headers[] = { "Content-Type: application/x-www-form-urlencoded",
                              "Accept: application/json", r->header };
    const char *base = *config->sms.api_url ? config->sms.api_url : r->base, *detail = NULL;
    struct http_answer answer;
    struct http_request request = {
        .url = arena_printf(arena, "%s%s", base, r->path),
        .body = r->form->data,
        .body_len = r->form->len,
        .headers = headers,
        .n_headers = r->header ? 3 : 2,
        .user = r->user,
        .password = r->password,
        .timeout_us = config->sms.timeout_us,
        .max_body = ANSWER_MAX,
        .once = true,
    };
    *status = 0;
    if (http_call(arena, &request, &answer) != HTTP_ANSWERED) {
        *error = arena_printf(arena, "the provider cannot be reached: %s", answer.error);
        return NULL;
    }
    *status = answer.status;
    const struct json_t *root = json_read(arena, answer.body, answer.len, &detail);
    if (json_kind_of(root) != KIND_OBJECT) {
        *error =
            arena_printf(arena, "the provider answered %d without a JSON object", answer.status);
        return NULL;
    }
    return root;
}

bool sms_failed(struct sms_job *job, int status, const char *why)
{
    job->error = arena_strndup(job->arena, why, utf8_prefix(why, WHY_MAX));
    job->for_good = status == 400 || status == 422;
    return false;
}

const char *sms_member(struct arena *arena, const struct json_t *object, const char *name)
{
    const struct json_t *member = json_member(object, name);
    const char *text = json_text(member);
    int64_t number;
    if (text) {
        return text;
    }
    return json_int(member, &number) ? arena_printf(arena, "%lld", (long long)number) : "";
}

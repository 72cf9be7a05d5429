/* sms_textlocal.c: Textlocal (internals.md §8). */
#include "deliver/sms.h"

#include <string.h>

enum { FORM_MAX = 65536 };

bool sms_textlocal(struct sms_job *job)
{
    const struct config *c = job->config;
    struct strbuf form = strbuf_in(job->arena, FORM_MAX);
    int status;
    sms_form(&form, "sender", c->sms.textlocal_sender);
    sms_form(&form, "apikey", c->sms.textlocal_api_key);
    sms_form(&form, "message", job->text);
    sms_form(&form, "numbers", job->sms->phone);
    struct sms_request request = {
        .base = "https://api.textlocal.in",
        .path = "/send",
        .form = &form,
    };
    const struct json_t *answer = sms_post(c, job->arena, &request, &status, &job->error);
    if (!answer) {
        return false;
    }
    if (status != 200 || strcmp(sms_member(job->arena, answer, "status"), "success") != 0) {
        const struct json_t *first = json_nth(json_member(answer, "errors"), 0);
        const char *why = sms_member(job->arena, first, "message");
        return sms_failed(job, status,
                          *why ? why : arena_printf(job->arena, "textlocal error (%d)", status));
    }
    return true;
}

/* sms_vonage.c: Vonage (internals.md §8). */
#include "deliver/sms.h"

#include <string.h>

enum { FORM_MAX = 65536 };

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

bool sms_vonage(struct sms_job *job)
{
    const struct config *c = job->config;
    struct strbuf form = strbuf_in(job->arena, FORM_MAX);
    int status;
    sms_form(&form, "from", c->sms.vonage_from);
    sms_form(&form, "to", job->sms->phone);
    sms_form(&form, "text", job->text);
    sms_form(&form, "api_key", c->sms.vonage_api_key);
    sms_form(&form, "api_secret", c->sms.vonage_api_secret);
    if (!is_ascii(job->text)) {
        sms_form(&form, "type", "unicode");
    }
    struct sms_request request = {
        .base = "https://rest.nexmo.com",
        .path = "/sms/json",
        .form = &form,
    };
    const struct json_t *answer = sms_post(c, job->arena, &request, &status, &job->error);
    if (!answer) {
        return false;
    }
    const struct json_t *first = json_nth(json_member(answer, "messages"), 0);
    const char *state = sms_member(job->arena, first, "status");
    if (status != 200 || strcmp(state, "0") != 0) {
        return sms_failed(job, status,
                          arena_printf(job->arena, "vonage error: %s (status: %s) for message %s",
                                       sms_member(job->arena, first, "error-text"), state,
                                       sms_member(job->arena, first, "message-id")));
    }
    job->provider_id = sms_member(job->arena, first, "message-id");
    return true;
}

/* sms_messagebird.c: MessageBird (internals.md §8). */
#include "deliver/sms.h"

enum { FORM_MAX = 65536 };

bool sms_messagebird(struct sms_job *job)
{
    const struct config *c = job->config;
    struct strbuf form = strbuf_in(job->arena, FORM_MAX);
    int status;
    int64_t sent = 0;
    sms_form(&form, "originator", c->sms.messagebird_originator);
    sms_form(&form, "body", job->text);
    sms_form(&form, "recipients", job->sms->phone);
    sms_form(&form, "type", "sms");
    sms_form(&form, "datacoding", "unicode");
    struct sms_request request = {
        .base = "https://rest.messagebird.com",
        .path = "/messages",
        .form = &form,
        .header =
            arena_printf(job->arena, "Authorization: AccessKey %s", c->sms.messagebird_access_key),
    };
    const struct json_t *answer = sms_post(c, job->arena, &request, &status, &job->error);
    if (!answer) {
        return false;
    }
    const struct json_t *first = json_nth(json_member(answer, "errors"), 0);
    if (first) {
        return sms_failed(job, status, sms_member(job->arena, first, "description"));
    }
    json_int(json_member(json_member(answer, "recipients"), "totalSentCount"), &sent);
    if (status < 200 || status > 299 || sent <= 0) {
        return sms_failed(
            job, status,
            arena_printf(job->arena, "messagebird error: nothing was sent (%d)", status));
    }
    job->provider_id = sms_member(job->arena, answer, "id");
    return true;
}

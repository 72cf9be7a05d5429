/* sms_twilio.c: Twilio's messages and Twilio Verify (internals.md §8). */
#include "deliver/sms.h"

#include <ctype.h>
#include <string.h>

enum { FORM_MAX = 65536, PHONE_DIGITS = 15 };

static bool is_whatsapp(const struct sms *sms)
{
    return sms->channel && strcmp(sms->channel, "whatsapp") == 0;
}

/* E.164, with or without "+". */
static bool is_phone(const char *text)
{
    size_t n = 0;
    text += *text == '+';
    while (isdigit((unsigned char)text[n])) {
        n++;
    }
    return !text[n] && n > 1 && n <= PHONE_DIGITS && *text != '0';
}

/* The id or path part, so that a setting cannot lead elsewhere. */
static const char *path_part(struct arena *arena, const char *text)
{
    struct strbuf b = strbuf_in(arena, 1024);
    strbuf_str(&b, "");
    for (const char *p = text; *p; p++) {
        if (isalnum((unsigned char)*p) || *p == '-' || *p == '_') {
            strbuf_char(&b, *p);
        }
    }
    return b.data;
}

static void fill_form(struct sms_job *job, struct strbuf *form)
{
    const struct config *c = job->config;
    bool whatsapp = is_whatsapp(job->sms);
    const char *from = c->sms.twilio_message_service_sid;
    sms_form(form, "To",
             arena_printf(job->arena, "%s+%s", whatsapp ? "whatsapp:" : "", job->sms->phone));
    sms_form(form, "Channel", whatsapp ? "whatsapp" : "sms");
    sms_form(form, "From",
             whatsapp && is_phone(from) ? arena_printf(job->arena, "whatsapp:%s", from) : from);
    if (whatsapp && *c->sms.twilio_content_sid) {
        sms_form(form, "ContentSid", c->sms.twilio_content_sid);
        sms_form(form, "ContentVariables",
                 arena_printf(job->arena, "{\"1\": \"%s\"}", job->sms->code));
    } else {
        sms_form(form, "Body", job->text);
    }
}

/* An answer other than 200 and 201. */
static bool refused(struct sms_job *job, const struct json_t *answer, int status)
{
    return sms_failed(job, status,
                      arena_printf(job->arena, "%s More information: %s",
                                   sms_member(job->arena, answer, "message"),
                                   sms_member(job->arena, answer, "more_info")));
}

bool sms_twilio(struct sms_job *job)
{
    const struct config *c = job->config;
    struct strbuf form = strbuf_in(job->arena, FORM_MAX);
    int status;
    fill_form(job, &form);
    struct sms_request request = {
        .base = "https://api.twilio.com",
        .path = arena_printf(job->arena, "/2010-04-01/Accounts/%s/Messages.json",
                             path_part(job->arena, c->sms.twilio_account_sid)),
        .form = &form,
        .user = c->sms.twilio_account_sid,
        .password = c->sms.twilio_auth_token,
    };
    const struct json_t *answer = sms_post(c, job->arena, &request, &status, &job->error);
    if (!answer) {
        return false;
    }
    if (status != 200 && status != 201) {
        return refused(job, answer, status);
    }
    const char *sid = sms_member(job->arena, answer, "sid");
    const char *state = sms_member(job->arena, answer, "status");
    if (strcmp(state, "failed") == 0 || strcmp(state, "undelivered") == 0) {
        return sms_failed(job, status,
                          arena_printf(job->arena, "twilio error: %s %s for message %s",
                                       sms_member(job->arena, answer, "error_message"),
                                       sms_member(job->arena, answer, "error_code"), sid));
    }
    job->provider_id = sid;
    return true;
}

static const struct json_t *post_verify(const struct config *c, struct arena *arena,
                                        const char *what, const struct strbuf *form, int *status,
                                        const char **error)
{
    struct sms_request request = {
        .base = "https://verify.twilio.com",
        .path = arena_printf(arena, "/v2/Services/%s/%s",
                             path_part(arena, c->sms.twilio_verify_message_service_sid), what),
        .form = form,
        .user = c->sms.twilio_verify_account_sid,
        .password = c->sms.twilio_verify_auth_token,
    };
    return sms_post(c, arena, &request, status, error);
}

bool sms_twilio_verify(struct sms_job *job)
{
    struct strbuf form = strbuf_in(job->arena, FORM_MAX);
    int status;
    sms_form(&form, "To", arena_printf(job->arena, "+%s", job->sms->phone));
    sms_form(&form, "Channel", is_whatsapp(job->sms) ? "whatsapp" : "sms");
    const struct json_t *answer =
        post_verify(job->config, job->arena, "Verifications", &form, &status, &job->error);
    if (!answer) {
        return false;
    }
    if (status != 200 && status != 201) {
        return refused(job, answer, status);
    }
    job->provider_id = sms_member(job->arena, answer, "sid");
    return true;
}

bool sms_twilio_verify_check(const struct config *config, struct arena *arena, const char *phone,
                             const char *code, bool *right, const char **error)
{
    struct strbuf form = strbuf_in(arena, FORM_MAX);
    int status;
    *right = false;
    sms_form(&form, "To", arena_printf(arena, "+%s", phone));
    sms_form(&form, "Code", code);
    const struct json_t *answer =
        post_verify(config, arena, "VerificationCheck", &form, &status, error);
    if (!answer) {
        return status == 404; /* no such verification: expired or used up */
    }
    bool answered = status == 200 || status == 201;
    *right = answered && strcmp(sms_member(arena, answer, "status"), "approved") == 0 &&
             json_truth(json_member(answer, "valid"));
    if (!answered && status != 404) {
        *error = arena_printf(arena, "the provider answered %d", status);
    }
    return answered || status == 404;
}

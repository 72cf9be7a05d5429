/* sms.h: what the SMS providers share, a file each (internals.md §8). For sender.c. */
#ifndef COUNTERSIGN_DELIVER_SMS_H
#define COUNTERSIGN_DELIVER_SMS_H

#include "base/json.h"
#include "deliver/http_client.h"
#include "domain/outgoing.h"

struct sms_job {
    const struct config *config;
    struct arena *arena;
    const struct sms *sms;
    const char *text;
    /* out */
    const char *provider_id; /* NULL: none */
    const char *error;
    bool for_good;
};

/* Each sends it, now: true if the provider took it. */
typedef bool sms_provider_fn(struct sms_job *job);
sms_provider_fn sms_twilio, sms_twilio_verify, sms_messagebird, sms_vonage, sms_textlocal;

/* Asks Twilio Verify whether a code is right; false: *error. */
bool sms_twilio_verify_check(const struct config *config, struct arena *arena, const char *phone,
                             const char *code, bool *right, const char **error);

/* Writes name=value of a form, with '&' in front of all but the first. */
void sms_form(struct strbuf *form, const char *name, const char *value);

struct sms_request {
    const char *base; /* of the provider; the setting COUNTERSIGN_SMS_API_URL stands in for it */
    const char *path;
    const struct strbuf *form;
    const char *user, *password; /* NULL: no basic authentication */
    const char *header;          /* one more; NULL: none */
};

/* Posts a form. NULL: *error; else the JSON object of the answer, whatever *status is. */
const struct json_t *sms_post(const struct config *config, struct arena *arena,
                              const struct sms_request *request, int *status, const char **error);

/* Ends a job that failed; the reason is cut where it is long. Returns false. */
bool sms_failed(struct sms_job *job, int status, const char *why);

/* A text, or the number as text, of a member; "" if it is neither. */
const char *sms_member(struct arena *arena, const struct json_t *object, const char *name);

#endif

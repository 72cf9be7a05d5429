/* sender.c: chooses how a mail or an SMS leaves: SMTP, a provider, or a folder. See sender.h. */
#include "deliver/sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/equal_time.h"
#include "deliver/folder.h"
#include "deliver/mail_smtp.h"
#include "deliver/mail_text.h"
#include "deliver/sms.h"
#include "deliver/template.h"

#include <stdatomic.h>
#include <string.h>

enum { TEXT_MAX = 65536 };

bool send_mail(const struct config *config, struct arena *arena, const struct mail *mail,
               const char *message_id, const char **error, bool *for_good)
{
    struct mail_message message;
    struct clock clock = clock_system();
    *for_good = false;
    if (!mail_compose(config, arena, mail, message_id, clock_now_us(&clock), &message, error)) {
        *for_good = true;
        return false;
    }
    if (*config->mail.smtp_host) {
        return mail_smtp(config, arena, &message, error, for_good);
    }
    return folder_put(arena, config->mail.dir, mail_kind_name(mail->kind), message_id, "eml",
                      message.text, message.len, error);
}

struct provider {
    const char *name;
    sms_provider_fn *send;
    bool whole;
};

/* The provider of the settings; NULL: none is named. */
static const struct provider *provider_of(const struct config *c, struct provider list[5])
{
#define SET(part) (*c->sms.part != '\0')
    const struct provider all[] = {
        { "twilio", sms_twilio,
          SET(twilio_account_sid) && SET(twilio_auth_token) && SET(twilio_message_service_sid) },
        { "twilio_verify", sms_twilio_verify,
          SET(twilio_verify_account_sid) && SET(twilio_verify_auth_token) &&
              SET(twilio_verify_message_service_sid) },
        { "messagebird", sms_messagebird,
          SET(messagebird_access_key) && SET(messagebird_originator) },
        { "vonage", sms_vonage, SET(vonage_api_key) && SET(vonage_api_secret) && SET(vonage_from) },
        { "textlocal", sms_textlocal, SET(textlocal_api_key) && SET(textlocal_sender) },
    };
#undef SET
    memcpy(list, all, sizeof all);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(c->sms.provider, list[i].name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

enum sms_setup sms_setup(const struct config *config)
{
    struct provider list[5];
    const struct provider *provider = provider_of(config, list);
    if (config->sms_in_folder) {
        return SMS_FOLDER;
    }
    return provider && provider->whole ? SMS_PROVIDER : SMS_INCOMPLETE;
}

static bool ready(struct arena *arena, bool needed, const char *folder, const char *cure,
                  const char **error)
{
    if (!needed || folder_ready(arena, folder, error)) {
        return true;
    }
    *error = arena_printf(arena, "%s (%s)", *error, cure);
    return false;
}

bool sender_ready(const struct config *c, struct arena *arena, const char **error)
{
    bool mails = !*c->mail.smtp_host && !c->hooks.send_email_on;
    bool texts = (c->accounts.phone_enabled || c->mfa.phone_verify) && !c->hooks.send_sms_on &&
                 sms_setup(c) == SMS_FOLDER;
    return ready(arena, mails, c->mail.dir,
                 "mails are written there: set COUNTERSIGN_MAIL_DIR or GOTRUE_SMTP_HOST", error) &&
           ready(arena, texts, c->sms.dir,
                 "SMS are written there: set COUNTERSIGN_SMS_DIR or GOTRUE_SMS_PROVIDER", error);
}

/* GOTRUE_SMS_TEMPLATE, a text template whose one field is Code; the built-in text if it is none. */
static const char *sms_text(const struct config *c, struct arena *arena, const struct sms *sms)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    struct strbuf fields = strbuf_in(arena, TEXT_MAX);
    const char *detail = NULL, *error = NULL, *text = NULL;
    strbuf_str(&fields, "{\"Code\":");
    json_quote(&fields, sms->code);
    strbuf_char(&fields, '}');
    const struct json_t *root = json_read(arena, fields.data, fields.len, &detail);
    bool factor = sms->kind && strcmp(sms->kind, "mfa") == 0;
    const char *set = factor ? c->mfa.phone_template : c->sms.template;
    const struct template *template = template_read(arena, set, &error);
    if (template && root) {
        text = template_fill(template, arena, TEMPLATE_TEXT, root, &error);
    }
    if (!text && !atomic_flag_test_and_set(&said)) {
        log_write(LOG_WARN, "the template of SMS cannot be used; the built-in text is used",
                  LOG_STR("reason", error));
    }
    return text ? text : arena_printf(arena, "Your code is %s", sms->code);
}

/* As a JSON object, so that programs can read it too. */
static bool put_in_folder(struct sms_job *job)
{
    struct strbuf b = strbuf_in(job->arena, TEXT_MAX);
    struct entropy entropy = entropy_system();
    struct clock clock = clock_system();
    struct uuid id = uuid_v7(&entropy, clock_now_us(&clock));
    char name[UUID_TEXT];
    const struct sms *s = job->sms;
    const char *members[] = { "phone", s->phone,  "channel", s->channel, "kind",
                              s->kind, "message", job->text, "code",     s->code };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i += 2) {
        strbuf_str(&b, i ? "," : "{");
        json_quote(&b, members[i]);
        strbuf_char(&b, ':');
        json_quote(&b, members[i + 1] ? members[i + 1] : "");
    }
    strbuf_str(&b, "}\n");
    return folder_put(job->arena, job->config->sms.dir, s->kind ? s->kind : "sms",
                      uuid_format(&id, name), "sms.json", b.data, b.len, &job->error);
}

static bool channel_fits(const struct config *c, const struct sms *sms)
{
    bool plain = !sms->channel || !*sms->channel || strcmp(sms->channel, "sms") == 0;
    return plain || !*c->sms.provider || strncmp(c->sms.provider, "twilio", 6) == 0;
}

bool send_sms(const struct config *config, struct arena *arena, const struct sms *sms,
              const char **provider_id, const char **error, bool *for_good)
{
    struct provider list[5];
    const struct provider *provider = provider_of(config, list);
    struct sms_job job = { .config = config, .arena = arena, .sms = sms };
    bool sent = false;
    *provider_id = NULL;
    if (sms_setup(config) == SMS_INCOMPLETE) {
        job.error = "GOTRUE_SMS_PROVIDER is not set, or its settings are not complete";
    } else if (!channel_fits(config, sms)) {
        job.error = arena_printf(arena, "channel type \"%s\" is not supported for %s", sms->channel,
                                 config->sms.provider);
        job.for_good = true;
    } else {
        job.text = sms_text(config, arena, sms);
        int64_t asked_at = clock_steady_us();
        sent = provider ? provider->send(&job) : put_in_folder(&job);
        if (provider) {
            equal_time_note(EQUAL_TIME_SMS, asked_at);
        }
    }
    *provider_id = job.provider_id && *job.provider_id ? job.provider_id : NULL;
    *error = job.error;
    *for_good = job.for_good;
    return sent;
}

bool sms_is_checked_by_provider(const struct config *config)
{
    return strcmp(config->sms.provider, "twilio_verify") == 0;
}

bool sms_check(const struct config *config, struct arena *arena, const char *phone,
               const char *code, bool *right, const char **error)
{
    return sms_twilio_verify_check(config, arena, phone, code, right, error);
}

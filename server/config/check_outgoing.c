/* check_outgoing.c: rules and derived values of the settings for mail, SMS and hooks
 * (internals.md §1.7, §1.8, §1.11): clamps, rates, test codes, hook addresses and
 * secrets. Called by check.c. */
#include "config/check.h"

#include "base/clock.h"
#include "base/rfc3339.h"
#include "config/duration.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t otp_length(int64_t digits)
{
    return digits < 6 || digits > 10 ? 6 : digits;
}

static void clamp(struct arena *arena, struct config *c)
{
    c->mail.smtp_max_frequency_us =
        c->mail.smtp_max_frequency_us ? c->mail.smtp_max_frequency_us : 60 * US_PER_S;
    c->sms.max_frequency_us = c->sms.max_frequency_us ? c->sms.max_frequency_us : 60 * US_PER_S;
    c->mail.otp_exp_s = c->mail.otp_exp_s ? c->mail.otp_exp_s : 86400;
    c->sms.otp_exp_s = c->sms.otp_exp_s ? c->sms.otp_exp_s : 60;
    c->mail.otp_length = otp_length(c->mail.otp_length);
    c->sms.otp_length = otp_length(c->sms.otp_length);
    const char *slash = strrchr(c->database_path, '/');
    size_t len = slash ? (size_t)(slash - c->database_path) : 1;
    const char *folder =
        arena_printf(arena, "%.*s/outbox", (int)len, slash ? c->database_path : ".");
    /* A site with a mail server and no SMS provider would lock out who waits for a code: an error
     * tells both sides (row SM5). */
    c->sms_in_folder = !*c->sms.provider && (*c->sms.dir || !*c->mail.smtp_host);
    c->mail.dir = *c->mail.dir ? c->mail.dir : folder;
    c->sms.dir = *c->sms.dir ? c->sms.dir : folder;
}

/* "N" an hour, or "N/DURATION". */
static bool rate_parse(const char *text, struct send_rate *out)
{
    char *end;
    *out = (struct send_rate){ .n = strtod(text, &end) };
    if (end == text || !isfinite(out->n) || out->n < 0) {
        return false;
    }
    if (*end != '/') {
        return !*end;
    }
    return floor(out->n) == out->n && duration_parse(end + 1, &out->refill_us) &&
           out->refill_us > 0;
}

static const char *check_rates(struct arena *arena, struct config *c)
{
    bool mail = rate_parse(c->mail.rate_sent, &c->email_rate);
    if (mail && rate_parse(c->sms.rate_sent, &c->sms_rate)) {
        return NULL;
    }
    return arena_printf(arena,
                        "%s=%s: a number an hour (30), or a number and a duration (10/20s), "
                        "is allowed",
                        mail ? "GOTRUE_RATE_LIMIT_SMS_SENT" : "GOTRUE_RATE_LIMIT_EMAIL_SENT",
                        mail ? c->sms.rate_sent : c->mail.rate_sent);
}

/* Without one leading '+' and without blanks. */
static const char *bare_phone(struct arena *arena, const char *text, size_t len)
{
    char *phone = arena_alloc(arena, len + 1), *p = phone;
    for (size_t i = text[0] == '+' ? 1 : 0; i < len; i++) {
        if (text[i] != ' ') {
            *p++ = text[i];
        }
    }
    return phone;
}

static const char *check_test_otps(struct arena *arena, struct config *c)
{
    const char *map = c->sms.test_otp;
    if (*c->sms.test_otp_until && !rfc3339_parse(c->sms.test_otp_until, &c->test_otp_until_us)) {
        return arena_printf(arena,
                            "GOTRUE_SMS_TEST_OTP_VALID_UNTIL=%s: a time as in "
                            "2030-01-31T00:00:00Z is allowed",
                            c->sms.test_otp_until);
    }
    struct test_otp *list = ARENA_ARRAY(arena, struct test_otp, strlen(map) / 2 + 1);
    for (const char *p = map; *p; p += *p == ',') {
        size_t len = strcspn(p, ","), phone = strcspn(p, ":,");
        if (p[phone] != ':' || memchr(p + phone + 1, ':', len - phone - 1)) {
            return "GOTRUE_SMS_TEST_OTP: phone:code,phone:code is allowed";
        }
        list[c->test_otp_count++] = (struct test_otp){
            .phone = bare_phone(arena, p, phone),
            .code = arena_strndup(arena, p + phone + 1, len - phone - 1),
        };
        p += len;
    }
    c->test_otps = list;
    return NULL;
}

const char *config_test_otp(const struct config *c, const char *phone, int64_t now_us)
{
    if (c->test_otp_until_us && now_us >= c->test_otp_until_us) {
        return NULL;
    }
    for (int i = 0; i < c->test_otp_count; i++) {
        if (strcmp(c->test_otps[i].phone, phone) == 0) {
            return c->test_otps[i].code;
        }
    }
    return NULL;
}

static const char *check_provider(struct arena *arena, const struct config *c)
{
    static const char *const known[] = { "",          "twilio", "twilio_verify", "messagebird",
                                         "textlocal", "vonage" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(c->sms.provider, known[i]) == 0) {
            return NULL;
        }
    }
    return arena_printf(arena,
                        "GOTRUE_SMS_PROVIDER=%s: one of these is allowed: twilio "
                        "twilio_verify messagebird textlocal vonage",
                        c->sms.provider);
}

/* The characters of base64 at the beginning of a text. */
static size_t base64_run(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || (text[n] && strchr("+/=", text[n]))) {
        n++;
    }
    return n;
}

static bool secret_valid(const char *secret)
{
    if (strncmp(secret, "v1,whsec_", 9) == 0) {
        return base64_run(secret + 9) >= 32 && !secret[9 + base64_run(secret + 9)];
    }
    if (strncmp(secret, "v1a,whpk_", 9) != 0) {
        return false;
    }
    const char *second = secret + 9 + base64_run(secret + 9);
    return second - secret >= 9 + 44 && strncmp(second, ":whsk_", 6) == 0 &&
           base64_run(second + 6) >= 44 && !second[6 + base64_run(second + 6)];
}

static bool is_local(const char *host, size_t len)
{
    static const char *const local[] = { "localhost", "127.0.0.1", "[::1]",
                                         "host.docker.internal" };
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (strlen(local[i]) == len && strncmp(host, local[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a hook's address, or NULL. */
static const char *uri_fault(const char *uri, bool on)
{
    if (strncmp(uri, "https://", 8) == 0) {
        return uri[8] ? NULL : "it names no host";
    }
    if (strncmp(uri, "pg-functions:", 13) == 0) {
        return on ? "functions of PostgreSQL are not supported by this version yet" : NULL;
    }
    if (strncmp(uri, "http://", 7) != 0) {
        return "only postgres hooks and HTTPS functions are supported at the moment";
    }
    const char *host = uri + 7;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    bool ends = len <= strlen(host) && (!host[len] || strchr(":/?#", host[len]));
    bool user = memchr(host, '@', strcspn(host, "/?#")) != NULL;
    return ends && !user && is_local(host, len)
               ? NULL
               : "only localhost, 127.0.0.1, and ::1 are supported with http";
}

static const char *check_hook(struct arena *arena, const char *name, bool on, const char *uri,
                              const char *secrets)
{
    if (!*uri) {
        return on ? arena_printf(arena,
                                 "GOTRUE_HOOK_%s_URI must be set, because "
                                 "GOTRUE_HOOK_%s_ENABLED is true",
                                 name, name)
                  : NULL;
    }
    const char *fault = uri_fault(uri, on);
    if (fault) {
        return arena_printf(arena, "GOTRUE_HOOK_%s_URI=%s: %s", name, uri, fault);
    }
    for (const char *p = secrets; *p; p += *p == '|') {
        size_t len = strcspn(p, "|");
        if (!secret_valid(arena_strndup(arena, p, len))) {
            return arena_printf(arena,
                                "GOTRUE_HOOK_%s_SECRETS: invalid secret format: "
                                "v1,whsec_BASE64 is allowed, several separated by |",
                                name);
        }
        p += len;
    }
    return NULL;
}

static const char *check_hooks(struct arena *arena, const struct config *c)
{
    const char *wrong = NULL;
#define CHECK(name, field)                                                                         \
    wrong = wrong ? wrong                                                                          \
                  : check_hook(arena, name, c->hooks.field##_on, c->hooks.field##_uri,             \
                               c->hooks.field##_secrets)
    CHECK("MFA_VERIFICATION_ATTEMPT", mfa_verification_attempt);
    CHECK("PASSWORD_VERIFICATION_ATTEMPT", password_verification_attempt);
    CHECK("CUSTOM_ACCESS_TOKEN", custom_access_token);
    CHECK("SEND_EMAIL", send_email);
    CHECK("SEND_SMS", send_sms);
    CHECK("BEFORE_USER_CREATED", before_user_created);
    CHECK("AFTER_USER_CREATED", after_user_created);
#undef CHECK
    return wrong;
}

const char *check_outgoing(struct arena *arena, struct config *c)
{
    clamp(arena, c);
    const char *wrong = check_rates(arena, c);
    wrong = wrong ? wrong : check_test_otps(arena, c);
    wrong = wrong ? wrong : check_provider(arena, c);
    return wrong ? wrong : check_hooks(arena, c);
}

/* failure.c: how failures are told: what happened, with the server's own words and code, what to do
 * next, and the exit code that goes with it. */
#include "job.h"

#include "base/json.h"
#include "base/problem.h"
#include "say.h"
#include "show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What to do about the codes that people meet most. */
static const struct hint {
    const char *code, *text;
} hints[] = {
    { "email_not_confirmed", "open the link in the confirmation mail first" },
    { "insufficient_aal", "countersign mfa challenge-and-verify, with a code of a factor that you "
                          "have; then again" },
    { "invalid_credentials", "check the address and the password" },
    { "mfa_challenge_expired", "countersign mfa challenge, then verify within its time" },
    { "mfa_factor_name_conflict", "choose another --name; countersign mfa list shows those taken" },
    { "mfa_factor_not_found", "countersign mfa list shows your factors" },
    { "mfa_ip_address_mismatch", "countersign mfa challenge makes a new challenge" },
    { "mfa_verification_failed", "wait for the app's next code (each counts once) and check that "
                                 "the clocks of the app and the server are right" },
    { "not_admin", "the service_role key is needed, not the anon key: countersign keys prints "
                   "both" },
    { "too_many_enrolled_mfa_factors", "countersign mfa unenroll removes one" },
    { "user_banned", "an administrator can lift this: countersign admin user unban" },
    { "weak_password", "choose another password, or add --force" },
};

/* These say that the session is over, whatever the HTTP status. */
static const char *const over[] = {
    "bad_jwt",         "no_authorization", "refresh_token_already_used", "refresh_token_not_found",
    "session_expired", "session_not_found"
};

/* The refresh was refused: the client has given the session up (docs/decisions/0011). */
static bool second_factor_required(const cs_error *error)
{
    return strcmp(error->message, problem_row(P_REFRESH_NEEDS_AAL2)->text) == 0 ||
           strcmp(error->message, problem_row(P_REFRESH_NEEDS_FACTOR)->text) == 0;
}

static bool session_is_over(const struct job *job, cs_status status, const cs_error *error)
{
    if (status == CS_ERR_SESSION_MISSING || status == CS_ERR_INVALID_TOKEN) {
        return true;
    }
    if (job->command->client != CLIENT_USER || status != CS_ERR_API) {
        return false;
    }
    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
        if (strcmp(error->code, over[i]) == 0) {
            return true;
        }
    }
    return strcmp(error->code, "user_not_found") == 0 /* the account was deleted */ ||
           second_factor_required(error);
}

static int exit_code_of(const struct job *job, cs_status status, const cs_error *error)
{
    if (session_is_over(job, status, error)) {
        return EXIT_SIGNED_OUT;
    }
    switch (status) {
    case CS_ERR_INVALID_ARGUMENT:
    case CS_ERR_INVALID_URL:
        return EXIT_USAGE;
    case CS_ERR_UNAVAILABLE:
    case CS_ERR_CONNECT:
    case CS_ERR_NETWORK:
    case CS_ERR_TIMEOUT:
    case CS_ERR_TLS:
    case CS_ERR_UNEXPECTED_RESPONSE:
    case CS_ERR_RESPONSE_TOO_LARGE:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_REFUSED;
    }
}

static const char *unreachable_hint(struct job *job)
{
    return job->url ? arena_printf(job->arena,
                                   "is the server at %s running? Another one: --url, or "
                                   "COUNTERSIGN_URL",
                                   safe(job->arena, job->url))
                    : "see the message";
}

static const char *hint_of(struct job *job, int code, const cs_error *error)
{
    bool admin = job->command->client == CLIENT_ADMIN;
    if (code == EXIT_UNREACHABLE) {
        return unreachable_hint(job);
    }
    if (code == EXIT_SIGNED_OUT) {
        return "countersign login";
    }
    if (error->retry_after_s > 0) {
        return arena_printf(job->arena, "try again in %ld seconds", error->retry_after_s);
    }
    if (error->status == CS_ERR_STORAGE && job->session_file) {
        return arena_printf(job->arena,
                            "look at %s: it must be yours, with mode 0600, on a disk "
                            "with room",
                            job->session_file);
    }
    if (admin && (error->http_status == 401 || strcmp(error->code, "bad_jwt") == 0)) {
        return "check the service key and that it is this server's: countersign keys prints it";
    }
    if (admin && strcmp(error->code, "mfa_factor_not_found") == 0) {
        return "countersign admin factor list USER shows the factors";
    }
    if (admin && strcmp(error->code, "user_not_found") == 0) {
        return "countersign admin user list shows the users";
    }
    if (error->http_status == 404 && strcmp(job->command->name, "mfa recovery-codes") == 0) {
        return "this server seems to have no recovery codes; a second app is a way back in too: "
               "countersign mfa enroll";
    }
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (strcmp(hints[i].code, error->code) == 0) {
            return hints[i].text;
        }
    }
    return error->http_status == 401 ? "hosted projects need their key: COUNTERSIGN_KEY, or --key"
                                     : "";
}

static void say_json(struct job *job, int code, const cs_error *error, const char *hint)
{
    struct strbuf b = strbuf_in(job->arena, 65536);
    strbuf_str(&b, "{\"error\":{\"code\":");
    json_quote(&b, error->code);
    strbuf_printf(&b, ",\"exit_code\":%d,\"http_status\":%d,\"message\":", code,
                  error->http_status);
    json_quote(&b, error->message);
    strbuf_str(&b, ",\"next\":");
    json_quote(&b, hint);
    strbuf_printf(&b, ",\"retry_after_s\":%ld,\"status\":", error->retry_after_s);
    json_quote(&b, cs_status_name(error->status));
    strbuf_str(&b, "}}\n");
    fputs(strbuf_ok(&b) ? b.data : "{\"error\":{}}\n", stderr);
}

static void say_text(struct job *job, const cs_error *error, const char *hint)
{
    fprintf(stderr, "countersign: %s", safe(job->arena, error->message));
    if (error->http_status && *error->code) {
        fprintf(stderr, " (%s, HTTP %d)", safe(job->arena, error->code), error->http_status);
    }
    fputc('\n', stderr);
    for (size_t i = 0; i < error->weak_password_reasons_count; i++) {
        fprintf(stderr, "  too weak: %s\n", safe(job->arena, error->weak_password_reasons[i]));
    }
    if (*hint) {
        fprintf(stderr, "Next: %s\n", hint);
    }
}

int job_failed(struct job *job, cs_status status)
{
    const cs_error *error = cs_client_last_error(job->client);
    int code = exit_code_of(job, status, error);
    const char *hint = hint_of(job, code, error);
    fflush(stdout);
    if (job->options.json) {
        say_json(job, code, error, hint);
    } else {
        say_text(job, error, hint);
    }
    return code;
}

int job_complain(struct job *job, int code, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)job;
    return say_error(code, "", text);
}

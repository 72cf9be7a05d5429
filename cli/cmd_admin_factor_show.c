/* cmd_admin_factor_show.c: `countersign admin factor show`: one factor with what only an operator
 * may know: wrong codes, a lock, and how the clock of the authenticator goes. */
#include "admin.h"
#include "help.h"
#include "say.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum { NOT_FOUND = 404, NOT_ALLOWED = 405 };

static int64_t number(const struct json_t *of, const char *key)
{
    int64_t n;
    return json_int(json_member(of, key), &n) ? n : 0;
}

static const char *how_far(struct job *job, int64_t ahead_s)
{
    return ahead_s < 0 ? arena_printf(job->arena, "%lld s slow", (long long)-ahead_s)
                       : arena_printf(job->arena, "%lld s fast", (long long)ahead_s);
}

/* A refused code counts more than what was learned: it is why somebody asks. */
static void show_clock(struct job *job, const struct json_t *totp)
{
    int64_t refused_s = number(totp, "refused_ahead_s"), ahead_s = number(totp, "clock_ahead_s");
    const char *refused_at = json_member_text(totp, "refused_at");
    if (refused_at && *refused_at) {
        admin_line(job, "clock",
                   arena_printf(job->arena, "this phone is %s: a code was refused for it on %s",
                                how_far(job, refused_s), short_time(job->arena, refused_at)));
        admin_line(job, "next",
                   "have the phone set its time by the network, then try its next code");
    }
    if (ahead_s) {
        admin_line(job, refused_at ? "" : "clock",
                   arena_printf(job->arena, "this phone is about %s, which its codes are read by",
                                how_far(job, ahead_s)));
    }
    if (!ahead_s && !refused_at) {
        admin_line(job, "clock", "no sign that this phone's is off");
    }
}

static void show_totp(struct job *job, const struct json_t *totp)
{
    const char *algorithm = json_member_text(totp, "algorithm");
    admin_line(job, "codes",
               arena_printf(job->arena, "%s, %lld digits, every %lld s", algorithm ? algorithm : "",
                            (long long)number(totp, "digits"), (long long)number(totp, "period")));
    show_clock(job, totp);
}

static void show(struct job *job, const struct json_t *user, const struct json_t *factor)
{
    const struct json_t *totp = json_member(factor, "totp");
    const char *type = json_member_text(factor, "factor_type");
    const char *status = json_member_text(factor, "status");
    int64_t failed = number(factor, "failed_attempts");
    printf("%s of %s\n", admin_factor_name(job, factor), admin_name_of(job, user));
    admin_line(job, "id", json_member_text(factor, "id"));
    admin_line(job, "type", type);
    admin_line(job, "status", status);
    admin_line(job, "phone", json_member_text(factor, "phone"));
    admin_time_line(job, "created", factor, "created_at");
    admin_time_line(job, "challenged", factor, "last_challenged_at");
    if (failed) {
        admin_line(job, "wrong codes",
                   arena_printf(job->arena, "%lld in a row", (long long)failed));
    }
    admin_time_line(job, "locked to", factor, "locked_until");
    if (totp) {
        show_totp(job, totp);
    }
}

static int act(struct job *job)
{
    const struct json_t *user, *listed, *report = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    code = code >= 0 ? code : admin_factor(job, user, job->options.words[1], &listed);
    if (code >= 0) {
        return code;
    }
    const char *rest = arena_printf(job->arena, "/factors/%s", json_member_text(listed, "id"));
    cs_status status = admin_ask(job, "GET", admin_user_path(job, user, rest), NULL, &report);
    const cs_error *error = cs_client_last_error(job->client);
    bool unknown = status != CS_OK && error &&
                   (error->http_status == NOT_FOUND || error->http_status == NOT_ALLOWED);
    if (status != CS_OK && !unknown) {
        return job_failed(job, status);
    }
    if (unknown) { /* the official server lists factors, and tells no more of one */
        say_warning("this server tells no more of a factor than its list does");
        report = listed;
    }
    if (job->options.json) {
        json_print(job->arena, report);
    } else {
        show(job, user, report);
    }
    return EXIT_OK;
}

const struct command command_admin_factor_show = {
    .name = "admin factor show",
    .summary = "show a factor: wrong codes, locks, and how far off the phone's clock is",
    .help =
        "usage: countersign admin factor show USER FACTOR [OPTION]...\n\n"
        "Shows one factor with what helps to find out why its codes are refused: wrong codes in\n"
        "a row, a lock and when it ends, and, of an authenticator app, the kind of its codes and\n"
        "how far off the phone's clock is. The factor is named by its id or its name, the\n"
        "account by its id or its e-mail address.\n" HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 2,
    .words_max = 2,
};

/* cmd_admin_user_create.c: `countersign admin user create`: makes an account. */
#include "admin.h"
#include "help.h"
#include "prompt.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

/* The new account's password; NULL with *code < 0: it gets none. */
static const char *password_of(struct job *job, int *code)
{
    const struct options *options = &job->options;
    const char *given =
        options->password ? options->password : environment("COUNTERSIGN_NEW_PASSWORD");
    *code = -1;
    if (options->no_password || given) {
        return options->no_password ? NULL : given;
    }
    given = prompt_secret(job->arena, "Password of the new account: ");
    if (given && prompt_possible()) {
        const char *again = prompt_secret(job->arena, "The same again: ");
        if (!again || strcmp(given, again) != 0) {
            *code = job_complain(job, EXIT_USAGE, "the two passwords differ: nothing was made");
        }
    }
    if (!given) {
        *code = job_complain(job, EXIT_USAGE,
                             "there is no password.\nNext: type it at the prompt, pipe it in as "
                             "one line, set COUNTERSIGN_NEW_PASSWORD, or say --no-password");
    }
    return given;
}

/* JSON of an option, which must be an object. */
static bool add_object(struct job *job, struct strbuf *body, const char *key, const char *text)
{
    const char *detail = "";
    if (!text) {
        return true;
    }
    const struct json_t *value = json_read(job->arena, text, strlen(text), &detail);
    if (!value || json_kind_of(value) != KIND_OBJECT) {
        return false;
    }
    json_add_raw(body, key, text);
    return true;
}

static int act(struct job *job)
{
    struct options *options = &job->options;
    const struct json_t *user = NULL;
    struct strbuf body = json_begin(job->arena, '{');
    const char *email = options->n_words ? options->words[0] : options->email;
    int code;
    if (!email && !options->phone) {
        return usage_error(job->command, "give an e-mail address or --phone");
    }
    if (!add_object(job, &body, "user_metadata", options->user_metadata) ||
        !add_object(job, &body, "app_metadata", options->app_metadata)) {
        return usage_error(job->command, "--user-metadata and --app-metadata take a JSON object");
    }
    const char *password = password_of(job, &code);
    if (code >= 0) {
        return code;
    }
    const char *const pairs[] = { "email",    email,    "phone", options->phone,
                                  "password", password, "role",  options->role };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i += 2) {
        if (pairs[i + 1]) {
            json_add_text(&body, pairs[i], pairs[i + 1]);
        }
    }
    json_add_bool(&body, "enforce_password_rules", !options->force);
    json_add_bool(&body, "email_confirm", email && !options->unconfirmed);
    json_add_bool(&body, "phone_confirm", options->phone && !options->unconfirmed);
    strbuf_char(&body, '}');
    cs_status status = admin_ask(job, "POST", "/admin/users", body.data, &user);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (!options->json) {
        printf("Made ");
    }
    return admin_show(job, user);
}

const struct command command_admin_user_create = {
    .name = "admin user create",
    .summary = "make an account",
    .help = "usage: countersign admin user create EMAIL [OPTION]...\n\n"
            "Makes an account whose address counts as confirmed. Its password is asked for twice,\n"
            "read as one line from standard input, or taken from COUNTERSIGN_NEW_PASSWORD.\n\n"
            "  --email EMAIL       the same as EMAIL\n"
            "  --phone PHONE       a phone number, also instead of EMAIL\n"
            "  --password TEXT     not advised: others on this machine can read it\n"
            "  --force             even if the password breaks the server's rules\n"
            "  --no-password       without one: signed in to by links or codes only\n"
            "  --unconfirmed       the address must still be confirmed\n"
            "  --role ROLE         instead of authenticated\n"
            "  --user-metadata J   a JSON object\n"
            "  --app-metadata J    a JSON object\n" HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_max = 1,
};

/* cmd_login.c: `countersign login`: signs in with a password and keeps the session. */
#include "help.h"
#include "place.h"
#include "prompt.h"
#include "required.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static bool can_be_raised(const cs_mfa_assurance_level *level)
{
    return strcmp(level->current_level, level->next_level) != 0;
}

static int say_done(struct job *job, const cs_auth_response *in)
{
    cs_mfa_assurance_level *level = NULL;
    cs_status status = cs_auth_mfa_get_authenticator_assurance_level(job->client, &level);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    bool more = can_be_raised(level);
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "current_level", level->current_level);
        json_add_int(&out, "expires_at", in->session->expires_at);
        json_add_text(&out, "next_level", level->next_level);
        json_add_text(&out, "url", job->url);
        json_add_raw(&out, "user", in->user ? in->user->json : "");
        json_end(&out, '}');
    } else {
        const cs_user *user = in->user;
        const char *name = !user ? "" : *user->email ? user->email : user->phone;
        printf("Signed in at %s as %s, level %s.\n", safe(job->arena, job->url),
               safe(job->arena, name), safe(job->arena, level->current_level));
        const char *required = required_text(job->arena, user);
        if (required) {
            printf("%s\n", required);
        }
        printf(more ? "Next: countersign mfa challenge-and-verify raises it to %s with your second "
                      "factor.\n"
               : user && user->factors_count && !required
                   ? "Next: countersign whoami\n"
                   : "Next: countersign mfa enroll adds a second factor to the account.\n",
               safe(job->arena, level->next_level));
    }
    cs_mfa_assurance_level_free(&level);
    return EXIT_OK;
}

static const char *password_of(struct job *job)
{
    const char *given =
        job->options.password ? job->options.password : environment("COUNTERSIGN_PASSWORD");
    return given ? given : prompt_secret(job->arena, "Password: ");
}

/* Fills in the address: a word with an @ or --email, or --phone, or what is typed in. */
static int address_of(struct job *job)
{
    struct options *options = &job->options;
    if (options->n_words) {
        *(strchr(options->words[0], '@') ? &options->email : &options->phone) = options->words[0];
    }
    if (!options->email && !options->phone && prompt_possible()) {
        options->email = prompt_line(job->arena, "E-mail: ");
    }
    if (!options->email == !options->phone) {
        return usage_error(job->command, options->email ? "give --email or --phone, not both"
                                                        : "who signs in? Give an e-mail address");
    }
    return -1;
}

static int act(struct job *job)
{
    cs_auth_response *in = NULL;
    int code = address_of(job);
    if (code >= 0) {
        return code;
    }
    const char *password = password_of(job);
    if (!password) {
        return job_complain(job, EXIT_USAGE,
                            "there is no password.\nNext: type it at the prompt, pipe it in as one "
                            "line, or set COUNTERSIGN_PASSWORD");
    }
    place_lock(job);
    cs_status status = cs_auth_sign_in_with_password(
        job->client,
        &(cs_sign_in_with_password_params){
            .email = job->options.email, .phone = job->options.phone, .password = password },
        &in);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    code = place_save(job);
    if (code >= 0) { /* a session without a note where it is good could go to another server */
        (void)cs_auth_sign_out(job->client, &(cs_sign_out_params){ .scope = "local" });
    } else {
        code = say_done(job, in);
    }
    cs_auth_response_free(&in);
    return code;
}

const struct command command_login = {
    .name = "login",
    .summary = "sign in with a password and keep the session",
    .help = "usage: countersign login [EMAIL|PHONE] [OPTION]...\n\n"
            "Signs in and keeps the session in ~/.local/state/countersign (or below\n"
            "$XDG_STATE_HOME), readable by you alone. The password is asked for without echo,\n"
            "read as one line from standard input, or taken from COUNTERSIGN_PASSWORD.\n\n"
            "  --email EMAIL       who signs in\n"
            "  --phone PHONE       the same, by phone number\n"
            "  --password TEXT     not advised: others on this machine can read it\n" HELP_URL
                HELP_EXIT,
    .act = act,
    .client = CLIENT_SIGN_IN,
    .words_max = 1,
};

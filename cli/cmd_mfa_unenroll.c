/* cmd_mfa_unenroll.c: `countersign mfa unenroll`: removes one of the user's own factors. */
#include "factor.h"
#include "help.h"
#include "say.h"
#include "show.h"

#include <stdio.h>

static void show(struct job *job, const char *name, const cs_mfa_unenroll_response *gone)
{
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "id", gone->id);
        json_end(&out, '}');
        return;
    }
    printf("Removed %s.\nNext: countersign mfa aal shows the session's level now.\n", name);
}

static int act(struct job *job)
{
    const char *id, *name;
    cs_mfa_unenroll_response *gone = NULL;
    int code = factor_pick(job, job->options.words[0], &id, &name);
    if (code < 0) {
        code = job_confirm(job, arena_printf(job->arena, "Remove the factor %s?", name));
    }
    if (code >= 0) {
        return code;
    }
    cs_status status =
        cs_auth_mfa_unenroll(job->client, &(cs_mfa_unenroll_params){ .factor_id = id }, &gone);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    show(job, name, gone);
    if (gone->refresh_status != CS_OK) {
        say_warning("the session could not be renewed afterwards: %s",
                    cs_status_message(gone->refresh_status));
    }
    cs_mfa_unenroll_response_free(&gone);
    return EXIT_OK;
}

const struct command command_mfa_unenroll = {
    .name = "mfa unenroll",
    .summary = "remove a second factor",
    .help = "usage: countersign mfa unenroll FACTOR [OPTION]...\n\n"
            "Removes the factor, named by its id or its name, after asking. A verified factor\n"
            "needs a session of level aal2: mfa challenge-and-verify first.\n\n" HELP_YES HELP_URL
                HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
    .words_min = 1,
    .words_max = 1,
};

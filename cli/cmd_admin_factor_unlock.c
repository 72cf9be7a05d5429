/* cmd_admin_factor_unlock.c: `countersign admin factor unlock`: ends the waiting time that too many
 * wrong codes brought. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static int act(struct job *job)
{
    const struct json_t *user, *factor, *changed = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    code = code >= 0 ? code : admin_factor(job, user, job->options.words[1], &factor);
    if (code >= 0) {
        return code;
    }
    const char *rest = arena_printf(job->arena, "/factors/%s", json_member_text(factor, "id"));
    cs_status status = admin_ask(job, "PUT", admin_user_path(job, user, rest), "{}", &changed);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        json_print(job->arena, changed);
    } else {
        printf("Unlocked the factor %s of %s: its codes are taken again.\n",
               admin_factor_name(job, factor), admin_name_of(job, user));
    }
    return EXIT_OK;
}

const struct command command_admin_factor_unlock = {
    .name = "admin factor unlock",
    .summary = "take codes of a locked factor again",
    .help = "usage: countersign admin factor unlock USER FACTOR [OPTION]...\n\n"
            "Ends the waiting time after too many wrong codes. The factor is named by its id or\n"
            "its name, the account by its id or its e-mail address.\n" HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 2,
    .words_max = 2,
};

/* cmd_admin_user_unban.c: `countersign admin user unban`: lifts a ban. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static int act(struct job *job)
{
    const struct json_t *user, *free_again = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    if (code >= 0) {
        return code;
    }
    cs_status status = admin_ask(job, "PUT", admin_user_path(job, user, ""),
                                 "{\"ban_duration\":\"none\"}", &free_again);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        json_print(job->arena, free_again);
    } else {
        printf("%s is not banned any more.\n", admin_name_of(job, user));
    }
    return EXIT_OK;
}

const struct command command_admin_user_unban = {
    .name = "admin user unban",
    .summary = "lift a ban",
    .help = "usage: countersign admin user unban USER [OPTION]...\n\n"
            "Lifts the ban of the account, named by its id or its e-mail address.\n" HELP_ADMIN
                HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};

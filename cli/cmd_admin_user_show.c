/* cmd_admin_user_show.c: `countersign admin user show`: one account. */
#include "admin.h"
#include "help.h"

static int act(struct job *job)
{
    const struct json_t *user;
    int code = admin_user(job, job->options.words[0], &user);
    return code >= 0 ? code : admin_show(job, user);
}

const struct command command_admin_user_show = {
    .name = "admin user show",
    .summary = "show an account",
    .help = "usage: countersign admin user show USER [OPTION]...\n\n"
            "Shows the account, named by its id or its e-mail address.\n" HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};

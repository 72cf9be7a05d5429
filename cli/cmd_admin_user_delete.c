/* cmd_admin_user_delete.c: `countersign admin user delete`: removes an account. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static int act(struct job *job)
{
    const struct json_t *user, *answer;
    bool soft = job->options.soft;
    int code = admin_user(job, job->options.words[0], &user);
    if (code < 0) {
        code = job_confirm(job, arena_printf(job->arena, "Delete the account of %s%s?",
                                             admin_name_of(job, user),
                                             soft ? "" : " with all that belongs to it"));
    }
    if (code >= 0) {
        return code;
    }
    cs_status status = admin_ask(job, "DELETE", admin_user_path(job, user, ""),
                                 soft ? "{\"should_soft_delete\":true}" : "{}", &answer);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "id", json_member_text(user, "id"));
        json_add_bool(&out, "soft", soft);
        json_end(&out, '}');
    } else {
        printf("Deleted %s.\n", admin_name_of(job, user));
    }
    return EXIT_OK;
}

const struct command command_admin_user_delete = {
    .name = "admin user delete",
    .summary = "delete an account",
    .help = "usage: countersign admin user delete USER [OPTION]...\n\n"
            "Deletes the account, named by its id or its e-mail address, with its sessions and\n"
            "factors, after asking.\n\n"
            "  --soft              keep the row, with its addresses made unreadable\n" HELP_YES
                HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};

/* cmd_admin_user_ban.c: `countersign admin user ban`: keeps somebody out for a time. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

#define FOR_EVER "876000h" /* a hundred years */

static int act(struct job *job)
{
    const struct json_t *user, *banned = NULL;
    struct strbuf body = json_begin(job->arena, '{');
    int code = admin_user(job, job->options.words[0], &user);
    if (code >= 0) {
        return code;
    }
    json_add_text(&body, "ban_duration", job->options.duration ? job->options.duration : FOR_EVER);
    strbuf_char(&body, '}');
    cs_status status = admin_ask(job, "PUT", admin_user_path(job, user, ""), body.data, &banned);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        json_print(job->arena, banned);
    } else {
        printf("Banned %s until %s.\nNext: countersign admin user unban %s lifts it.\n",
               admin_name_of(job, user),
               short_time(job->arena, json_member_text(banned, "banned_until")),
               safe(job->arena, json_member_text(user, "id")));
    }
    return EXIT_OK;
}

const struct command command_admin_user_ban = {
    .name = "admin user ban",
    .summary = "keep an account from being used",
    .help =
        "usage: countersign admin user ban USER [--for DURATION] [OPTION]...\n\n"
        "Keeps the account, named by its id or its e-mail address, from signing in, renewing\n"
        "its sessions and using them.\n\n"
        "  --for DURATION      such as 90m, 24h, 720h; a hundred years if not given\n" HELP_ADMIN
            HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};

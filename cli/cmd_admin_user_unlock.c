/* cmd_admin_user_unlock.c: `countersign admin user unlock`: shows what keeps an account waiting
 * after wrong passwords, and ends that. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static void show_text(struct job *job, const struct json_t *user, const struct json_t *locks)
{
    size_t n = json_count(locks);
    for (size_t i = 0; i < n; i++) {
        const struct json_t *lock = json_nth(locks, i);
        const char *kind = json_member_text(lock, "kind");
        bool whole = kind && strcmp(kind, "account") == 0;
        printf("Ended the wait of %s, until %s.\n",
               whole ? "all networks the account is not known from" : "one network",
               short_time(job->arena, json_member_text(lock, "locked_until")));
    }
    printf("%s %s: %s.\n", n ? "Unlocked" : "Nothing was locked for", admin_name_of(job, user),
           n ? "passwords are taken again" : "wrong passwords are counted from zero again");
}

static int act(struct job *job)
{
    const struct json_t *user, *answer = NULL, *none = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    if (code >= 0) {
        return code;
    }
    const char *path = admin_user_path(job, user, "/locks");
    cs_status status = admin_ask(job, "GET", path, NULL, &answer);
    if (status == CS_OK) {
        status = admin_ask(job, "DELETE", path, NULL, &none);
    }
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        json_print(job->arena, answer);
    } else {
        show_text(job, user, json_member(answer, "passwords"));
    }
    return EXIT_OK;
}

const struct command command_admin_user_unlock = {
    .name = "admin user unlock",
    .summary = "take passwords of a locked account again",
    .help =
        "usage: countersign admin user unlock USER [OPTION]...\n\n"
        "Shows from where wrong passwords keep the account waiting, and ends that. The account is\n"
        "named by its id or its e-mail address. With --json: what was locked. A locked factor is\n"
        "unlocked by countersign admin factor unlock.\n" HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};

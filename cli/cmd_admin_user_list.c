/* cmd_admin_user_list.c: `countersign admin user list`: the accounts, newest first. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_PAGE = 50, PER_PAGE_MAX = 1000, LOCKS_ASKED_MAX = 200 };

/* A whole number of at least 1; 0 if it is none. */
static long number_of(const char *text, long preset)
{
    char *end;
    long n = text ? strtol(text, &end, 10) : preset;
    return !text || (*text && !*end && n > 0) ? n : 0;
}

/* Each user is a request of its own, so not on the largest pages. */
static const char *locked_parts(struct job *job, const struct json_t *user)
{
    const struct json_t *locks = admin_locks(job, user);
    bool password = json_count(json_member(locks, "passwords")) != 0;
    bool factor = json_count(json_member(locks, "factors")) != 0;
    return password && factor ? "password, factor" : password ? "password" : factor ? "factor" : "";
}

static void show(struct job *job, const struct json_t *users, long page, long per_page)
{
    static const char *const headings[] = { "ID",      "ADDRESS", "CREATED", "LAST SEEN",
                                            "FACTORS", "LOCKED",  NULL };
    struct table table = table_new(job->arena, headings);
    bool marks_locks = json_count(users) <= LOCKS_ASKED_MAX;
    for (size_t i = 0; i < json_count(users); i++) {
        const struct json_t *u = json_nth(users, i);
        const char *email = json_member_text(u, "email"), *phone = json_member_text(u, "phone");
        size_t factors = json_count(json_member(u, "factors"));
        const char *cells[] = { json_member_text(u, "id"),
                                email && *email ? email : phone,
                                short_time(job->arena, json_member_text(u, "created_at")),
                                short_time(job->arena, json_member_text(u, "last_sign_in_at")),
                                arena_printf(job->arena, "%zu", factors),
                                marks_locks ? locked_parts(job, u) : "" };
        table_row(&table, cells);
    }
    if (json_count(users)) {
        table_print(&table);
    } else {
        printf("No users%s.\n", page > 1 ? " on this page" : "");
    }
    if ((long)json_count(users) == per_page) {
        printf("Next: --page %ld may show more.\n", page + 1);
    }
}

static int act(struct job *job)
{
    const struct options *options = &job->options;
    const struct json_t *answer = NULL;
    long page = number_of(options->page, 1), per_page = number_of(options->per_page, PER_PAGE);
    if (!page || !per_page || per_page > PER_PAGE_MAX) {
        return usage_error(job->command,
                           "--page takes a number from 1, --per-page one from 1 to %d",
                           PER_PAGE_MAX);
    }
    const char *path = arena_printf(job->arena, "/admin/users?page=%ld&per_page=%ld%s%s", page,
                                    per_page, options->filter ? "&filter=" : "",
                                    options->filter ? admin_encoded(job, options->filter) : "");
    cs_status status = admin_ask(job, "GET", path, NULL, &answer);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    const struct json_t *users = json_member(answer, "users");
    if (job->options.json) {
        json_print(job->arena, users ? users : answer);
    } else {
        show(job, users, page, per_page);
    }
    return EXIT_OK;
}

const struct command command_admin_user_list = {
    .name = "admin user list",
    .summary = "list the accounts",
    .help = "usage: countersign admin user list [OPTION]...\n\n"
            "Lists the accounts, newest first.\n\n"
            "  --filter TEXT       those whose e-mail address or name contains the text\n"
            "  --page N            which page, from 1\n"
            "  --per-page N        how many a page, 50 if not given, 1000 at most\n" HELP_ADMIN
                HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
};

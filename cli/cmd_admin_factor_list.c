/* cmd_admin_factor_list.c: `countersign admin factor list`: the factors of an account. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static void show_json(struct job *job, const cs_admin_mfa_list_factors_response *list)
{
    struct strbuf out = json_begin(job->arena, '[');
    for (size_t i = 0; i < list->factors_count; i++) {
        json_add_raw(&out, NULL, factor_json(job->arena, &list->factors[i]));
    }
    json_end(&out, ']');
}

static const struct json_t *locks_of(struct job *job, const struct json_t *user, size_t n)
{
    return n ? admin_locks(job, user) : NULL;
}

static void show_text(struct job *job, const cs_admin_mfa_list_factors_response *list,
                      const struct json_t *locks)
{
    static const char *const headings[] = { "ID", "TYPE", "STATUS", "NAME", "CREATED", NULL };
    struct table table = table_new(job->arena, headings);
    for (size_t i = 0; i < list->factors_count; i++) {
        const cs_factor *f = &list->factors[i];
        const char *locked = admin_locked(job, locks, f->id);
        const char *cells[] = {
            f->id, f->factor_type,
            locked ? arena_printf(job->arena, "%s, locked %s", f->status, locked) : f->status,
            *f->friendly_name ? f->friendly_name : f->phone, short_time(job->arena, f->created_at)
        };
        table_row(&table, cells);
    }
    if (list->factors_count) {
        table_print(&table);
    } else {
        printf("No factors.\n");
    }
}

static int act(struct job *job)
{
    const struct json_t *user;
    cs_admin_mfa_list_factors_response *list = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    if (code >= 0) {
        return code;
    }
    cs_status status = cs_auth_admin_mfa_list_factors(
        job->client, &(cs_admin_mfa_list_factors_params){ .user_id = json_member_text(user, "id") },
        &list);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        show_json(job, list);
    } else {
        show_text(job, list, locks_of(job, user, list->factors_count));
    }
    cs_admin_mfa_list_factors_response_free(&list);
    return EXIT_OK;
}

const struct command command_admin_factor_list = {
    .name = "admin factor list",
    .summary = "list the second factors of an account",
    .help = "usage: countersign admin factor list USER [OPTION]...\n\n"
            "Lists the factors of the account, named by its id or its e-mail address.\n" HELP_ADMIN
                HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 1,
    .words_max = 1,
};
